/**
 * What may leave through a log. Secrets are found by the name of their field, by their shape, and by value when the
 * caller lists them. A 32-byte hex text is a private key or a harmless hash: it is dropped under any name that speaks of a key.
 */
import { limits } from './limits.ts'

export const redacted = '[redacted]'

/** Turns any value into bounded plain JSON without secrets. Total: it never throws and ends on cycles. */
export type Redactor = (value: unknown) => unknown

/** `secrets` are texts to drop wherever they occur, in either case and with or without 0x. */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = secrets.filter((secret) => secret.length > 0).map(escapedSecret)
  const patterns = known.length === 0 ? shapes : [...shapes, { find: new RegExp(known.join('|'), 'gi'), put: redacted }]
  const text: TextFilter = (value, nearKey) => {
    // Twice the bound first and the bound last, so that no secret is cut into a shape that nobody recognises.
    const start = value.slice(0, 2 * limits.logTextChars)
    const shaped = patterns.reduce((rest, { find, put }) => rest.replace(find, put), start)
    const safe = nearKey ? shaped.replace(keyShape, redacted) : shaped
    return value.length > limits.logTextChars ? `${safe.slice(0, limits.logTextChars)}…` : safe
  }
  return (value) => {
    try {
      return clean({ text, ancestors: [], nearKey: false }, value)
    } catch {
      return '[unreadable]'
    }
  }
}

/** `createRedactor()` for one text. */
export const redactText = (text: string): string => String(plainRedactor(text))

/** Fields with these names are dropped whole, whatever they hold. */
const secretName =
  /(?:private|secret|signing|spending|session|api|access|seal)[-_.]?key|secret|pass(?:phrase|word|wd|code)|mnemonic|^seed(?:[-_.]?phrase)?$|preimage|wallet[-_.]?ur[il]|^nwc|nsec|authori[sz]ation|cookie|credential|(?:auth|api|access|bearer)[-_.]?token|^salt$/i
/** Under these names a 32-byte hex text, long number list or huge number is a private key until proven otherwise. */
const keyName = /key|^(?:sk|priv)/i
const publicName = /pub(?:lic)?[-_.]?key|peer|monkey|keyword/i

const keyShape = /(?:0x)?[0-9a-f]{64,}/gi

/** Secrets that show by their shape alone, anywhere in a text. */
const shapes: readonly { readonly find: RegExp; readonly put: string }[] = [
  { find: /\bnostr\+?walletconnect:[^\s"']*/gi, put: redacted },
  { find: /\bnsec1[02-9ac-hj-np-z]{20,}/gi, put: redacted },
  { find: /\bAGE-SECRET-KEY-1[0-9a-z]+/gi, put: redacted },
  { find: /\b[xyz]prv[1-9a-km-z]{50,}/gi, put: redacted },
  { find: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, put: redacted },
  { find: /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"']+@/gi, put: `$1${redacted}@` },
  { find: /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, put: `$1 ${redacted}` },
  {
    find: /\b((?:private|secret|api|signing)[-_. ]?key|secret|passphrase|password|preimage|mnemonic|seed phrase)(["']?\s*[=:]\s*["']?)[^\s"',;&}]+/gi,
    put: `$1$2${redacted}`,
  },
  { find: /\b((?:key|secret|preimage)(?:\s+is)?\W{1,4})(?:0x)?[0-9a-f]{64,}/gi, put: `$1${redacted}` },
]

type TextFilter = (value: string, nearKey: boolean) => string
interface Context {
  readonly text: TextFilter
  readonly ancestors: readonly object[]
  readonly nearKey: boolean
}

function clean(context: Context, value: unknown): unknown {
  if (typeof value === 'string') return context.text(value, context.nearKey)
  if (typeof value === 'bigint') return context.nearKey && value > hugeNumber ? redacted : value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (context.ancestors.includes(value)) return '[circular]'
  if (context.ancestors.length >= limits.logDepth) return '[deep]'
  return cleanObject({ ...context, ancestors: [...context.ancestors, value] }, value)
}

function cleanObject(context: Context, value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (value instanceof URL) return context.text(value.href, context.nearKey)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return cleanList(context, value)
  if (value instanceof Map)
    return cleanFields(
      context,
      [...value].map(([name, item]) => [String(name), item]),
    )
  if (value instanceof Set) return cleanList(context, [...value])
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    const own = Object.entries(value).filter(([field]) => !['name', 'message', 'stack', 'cause'].includes(field))
    return cleanFields(context, [...Object.entries({ name, message, stack, cause }), ...own])
  }
  return cleanFields(context, Object.entries(value))
}

function cleanList(context: Context, list: readonly unknown[]): unknown {
  if (context.nearKey && list.length >= 16 && list.every((item) => typeof item === 'number')) return redacted
  const items = list.slice(0, limits.logItems).map((item) => clean(context, item) ?? null)
  return list.length > limits.logItems ? [...items, `[${list.length - limits.logItems} more]`] : items
}

function cleanFields(context: Context, entries: readonly (readonly [string, unknown])[]): unknown {
  const fields = entries.slice(0, limits.logItems).map(([name, item]): [string, unknown] => {
    const label = context.text(name, context.nearKey)
    if (item !== undefined && secretName.test(name)) return [label, redacted]
    const named = keyName.test(name) && !publicName.test(name)
    return [label, clean({ ...context, nearKey: context.nearKey || named }, item)]
  })
  return Object.fromEntries(fields.filter(([, item]) => item !== undefined))
}

const escapedSecret = (secret: string): string => `(?:0x)?${secret.replace(/^0x/i, '').replace(/[^\w]/g, '\\$&')}`

/** 2^64: amounts, rounds and times are below, keys above. */
const hugeNumber = 2n ** 64n
const plainRedactor = createRedactor()
