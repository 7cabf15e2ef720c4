/** One question to one drand relay. Whatever it says is untrusted. */
import type { Clock } from '@assay/core'
import {
  BeaconInfo,
  BeaconValue,
  deriveRandomness,
  durationMs,
  MarketError,
  verifyBeaconValue,
  type BeaconRound,
  type DurationMs,
} from '@assay/protocol'
import { limits } from './limits.ts'

/** The part of `fetch` that is used, so that a test or a proxy can stand in. */
export type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>

export interface RelayDeps {
  readonly clock: Clock
  readonly fetch: Fetch
}

/** `wrong`: it served something that is not this round of this beacon. `absent`: no answer, or not yet. */
export type RelayAnswer =
  | { readonly kind: 'value'; readonly value: BeaconValue }
  | { readonly kind: 'wrong'; readonly reason: string }
  | { readonly kind: 'absent'; readonly reason: string }

/** Asks for a round and verifies it. Rejects only with the signal's reason. */
export async function askRelay(
  deps: RelayDeps,
  options: { readonly url: string; readonly info: BeaconInfo; readonly requestMs: DurationMs },
  round: BeaconRound,
  signal: AbortSignal,
): Promise<RelayAnswer> {
  let body: unknown
  try {
    body = await getJson(deps, `${options.url}/public/${round}`, options.requestMs, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { kind: 'absent', reason: error instanceof Error ? error.message : 'no answer' }
  }
  return judge(options.info, round, body)
}

/**
 * What a relay says about its chain (`GET <url>/info`), to compare with a pinned `BeaconInfo` or to set up a devnet.
 * Nothing vouches for it. Throws `beacon-unavailable` without an answer, `beacon-invalid` for another scheme or shape.
 */
export async function fetchBeaconInfo(
  deps: { readonly clock: Clock; readonly fetch?: Fetch },
  url: string,
  signal: AbortSignal,
): Promise<BeaconInfo> {
  const details = { relay: relayName(url) }
  let body: unknown
  try {
    const ask: RelayDeps = { clock: deps.clock, fetch: deps.fetch ?? globalThis.fetch }
    body = await getJson(ask, `${url}/info`, durationMs(limits.requestMs), signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new MarketError('beacon-unavailable', 'the relay does not tell its chain', { details, cause })
  }
  const info = BeaconInfo.safeParse({
    publicKey: `0x${textOf(body, 'public_key')}`,
    genesisMs: millisecondsOf(body, 'genesis_time'),
    periodMs: millisecondsOf(body, 'period'),
    scheme: textOf(body, 'schemeID'),
  })
  if (!info.success) throw new MarketError('beacon-invalid', 'the relay serves no quicknet-like chain', { details })
  return info.data
}

/** Host of a relay, for messages: a path may hold a provider's access key. */
export const relayName = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'malformed address')

function judge(info: BeaconInfo, round: BeaconRound, body: unknown): RelayAnswer {
  const parsed = BeaconValue.safeParse({ round: fieldOf(body, 'round'), signature: `0x${textOf(body, 'signature')}` })
  if (!parsed.success) return { kind: 'wrong', reason: 'not a round' }
  const value = parsed.data
  if (value.round !== round) return { kind: 'wrong', reason: 'another round' }
  const claimed = textOf(body, 'randomness')
  if (claimed !== '' && `0x${claimed}` !== deriveRandomness(value)) {
    return { kind: 'wrong', reason: 'randomness is not the hash of the signature' }
  }
  if (!verifyBeaconValue(info, value)) return { kind: 'wrong', reason: 'signature does not verify' }
  return { kind: 'value', value }
}

/** Throws for any other status than 200, oversized bodies, bad JSON and silence longer than `limitMs`. */
async function getJson(deps: RelayDeps, url: string, limitMs: DurationMs, signal: AbortSignal): Promise<unknown> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const alarm = deps.clock.sleep(limitMs, either).then(
    () => over.abort(new Error(`no answer within ${limitMs} ms`)),
    () => undefined,
  )
  try {
    const response = await deps.fetch(url, { signal: either })
    const text = await readBounded(response)
    if (response.status !== 200) throw new Error(`status ${response.status}`)
    return JSON.parse(text)
  } finally {
    over.abort()
    await alarm
  }
}

async function readBounded(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length
    if (bytes > limits.answerBytes) {
      await reader.cancel()
      throw new Error(`answer longer than ${limits.answerBytes} bytes`)
    }
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}

const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get(name) : undefined

const textOf = (body: unknown, name: string): string => {
  const value = fieldOf(body, name)
  return typeof value === 'string' ? value : ''
}

/** drand counts whole seconds; a local beacon may have fractions. */
const millisecondsOf = (body: unknown, name: string): number => {
  const value = fieldOf(body, name)
  return typeof value === 'number' ? Math.round(value * 1000) : Number.NaN
}
