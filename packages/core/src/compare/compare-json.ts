import { differs, settleByBytes, type Comparator } from './comparator.ts'
import { readJson } from './read-json.ts'
import { createTally, type Place, type Tally } from './tally.ts'

/**
 * JSON: the same keys, lengths, texts, booleans and nulls; numbers, read as the nearest binary64, within tolerance. White
 * space and the order of keys do not count. Numbers are taken in order, keys sorted by UTF-16 code units.
 */
export const compareJson: Comparator = {
  name: 'json',
  suffixes: ['.json'],
  compare({ bytes: a }, { bytes: b }, tolerance) {
    const settled = settleByBytes(a, b)
    if (settled !== undefined) return settled
    const first = readJson(a)
    const second = readJson(b)
    if (first === undefined || second === undefined) return differs('malformed')
    const tally = createTally(tolerance, pointerOf)
    compareValues(first.document, second.document, { tally, at: [] })
    return tally.end()
  },
}

interface Walk {
  readonly tally: Tally
  /** Keys and indices on the way here; changed in place, for a document has millions of places. */
  readonly at: (string | number)[]
}

/** Recurses as deep as `limits.jsonDepth` lets a document be. */
function compareValues(a: unknown, b: unknown, walk: Walk): void {
  const { tally, at } = walk
  const place = (): Place => at.slice()
  if (typeof a === 'number' && typeof b === 'number') return tally.number(a, b, place)
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return tally.structure(`${a.length} items`, `${b.length} items`, place)
    for (let i = 0; i < a.length; i++) compareAt(i, [a[i], b[i]], walk)
    return
  }
  if (kindOf(a) !== kindOf(b)) return tally.structure(kindOf(a), kindOf(b), place)
  if (!isObject(a) || !isObject(b)) return tally.text(JSON.stringify(a), JSON.stringify(b), place)
  const extra = Object.keys(b).filter((key) => !Object.hasOwn(a, key))
  for (const key of [...Object.keys(a), ...extra].toSorted()) {
    if (Object.hasOwn(a, key) && Object.hasOwn(b, key)) compareAt(key, [Reflect.get(a, key), Reflect.get(b, key)], walk)
    else tally.structure(keyText(a, key), keyText(b, key), place)
  }
}

function compareAt(key: string | number, [a, b]: readonly [unknown, unknown], walk: Walk): void {
  walk.at.push(key)
  compareValues(a, b, walk)
  walk.at.pop()
}

/** JSON pointer: RFC 6901. */
const pointerOf = (place: Place): string =>
  place.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const keyText = (value: object, key: string): string => (Object.hasOwn(value, key) ? `key ${key}` : 'no such key')
const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
