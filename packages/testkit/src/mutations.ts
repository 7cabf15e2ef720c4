/** Every way to change a document in one place. */
import type { Json } from '@assay/protocol'

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

type Path = readonly (string | number)[]
/** A copy of a value that differs in one place. */
export interface Mutation {
  /** Path of the change, and what was done there. */
  readonly name: string
  readonly value: Json
}

/** Changes every value of a JSON document, one at a time, drops every key, and drops and doubles every list entry. */
export const mutationsOf = (wire: Json): Generator<Mutation> => mutations(wire, wire, [])

function* mutations(wire: Json, value: Json, path: Path): Generator<Mutation> {
  const name = path.join('.')
  const put = (at: Path, what: string, to: Json | undefined): Mutation => ({
    name: `${at.join('.')}${what}`,
    value: replaced(wire, at, to),
  })
  if (isList(value)) {
    for (const [i, item] of value.entries()) {
      yield { name: `${name}.${i} dropped`, value: replaced(wire, path, value.toSpliced(i, 1)) }
      yield { name: `${name}.${i} doubled`, value: replaced(wire, path, value.toSpliced(i, 0, item)) }
      yield* mutations(wire, item, [...path, i])
    }
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      yield put([...path, key], ' dropped', undefined)
      yield* mutations(wire, item as Json, [...path, key])
    }
  } else for (const [i, other] of otherValues(value).entries()) yield put(path, ` changed (${i})`, other)
}

function otherValues(value: string | number | boolean | null): readonly Json[] {
  if (typeof value === 'number') return [value + 1, value - 1]
  if (typeof value === 'boolean') return [!value]
  if (value === null) return []
  // A signature has a second place of interest: its last byte says which of two keys made it.
  if (/^0x[0-9a-f]{130}$/.test(value)) return [flipNibble(value, 40), flipNibble(value, 131)]
  if (/^0x[0-9a-f]+$/.test(value)) return [flipNibble(value, value.length >> 1)]
  if (/^\d+$/.test(value)) return [`${BigInt(value) + 1n}`, value === '0' ? '2' : `${BigInt(value) - 1n}`]
  return [`${value}x`, value.replace(/\d(?=\D*$)/, (digit) => (digit === '7' ? '8' : '7'))].filter(
    (other) => other !== value,
  )
}

const flipNibble = (hex: string, at: number): string =>
  hex.slice(0, at) + (Number.parseInt(hex[at]!, 16) ^ 1).toString(16) + hex.slice(at + 1)

/** A copy with the value at a path replaced, or removed when `to` is undefined. */
function replaced(value: Json, [key, ...rest]: Path, to: Json | undefined): Json {
  if (key === undefined) return to ?? null
  if (isList(value)) return value.map((item, i) => (i === key ? replaced(item, rest, to) : item))
  const entries = Object.entries(value as Record<string, Json>).filter(
    ([name]) => rest.length > 0 || to !== undefined || name !== key,
  )
  return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? replaced(item, rest, to) : item]))
}
