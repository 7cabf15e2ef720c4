/** Two streams side by side: where they part, and why as far as the bytes show. Memory: a few records. */
import type { ConditionPair, Difference, DifferenceCause, LineFinding } from './difference.ts'
import { excerptOf, isText } from './excerpt.ts'
import { explainBytes } from './explain-bytes.ts'
import { explainLines } from './explain-lines.ts'
import { limits } from './limits.ts'
import { readRecords, type GateRecord } from './read-records.ts'

export type ContentDifference = Pick<Difference, 'cause' | 'count'> &
  Required<Pick<Difference, 'offset' | 'first' | 'second'>>

/**
 * Differences of two streams, at most one for each cause, in the order of their offsets; none when they are equal. Lines
 * are compared with the lines at the same place; where one stream has more of them, only the first difference is told.
 * The offset of the first is that of the first byte that differs.
 */
export async function compareContents(
  first: AsyncIterable<Uint8Array>,
  second: AsyncIterable<Uint8Array>,
  pair: ConditionPair,
): Promise<readonly ContentDifference[]> {
  const found = new Map<DifferenceCause, ContentDifference>()
  const tally = createTally()
  let head: Uint8Array | undefined
  let differing = 0
  let shifted = false
  let binary = false
  for await (const { a, b, ends } of pairRecords(readRecords(first), readRecords(second))) {
    head ??= a?.bytes.slice(0, headBytes) ?? new Uint8Array(0)
    if (a !== undefined && b !== undefined && sameBytes(a.bytes, b.bytes)) continue
    differing += 1
    tally.add(a, b)
    if (a === undefined || b === undefined) shifted = true
    else if (!isText(a) || !isText(b)) binary = true
    if (differing > limits.explained) continue
    for (const finding of explain(a, b, pair, head)) {
      const known = found.get(finding.cause)
      found.set(
        finding.cause,
        known === undefined ? describe(a, b, finding, ends) : { ...known, count: known.count + 1 },
      )
    }
  }
  const all = [...found.values()].toSorted((x, y) => x.offset - y.offset)
  const earliest = all[0]
  if (earliest === undefined) return []
  if (!shifted && differing > 1 && tally.balanced()) return [{ ...earliest, cause: 'order', count: differing }]
  // Binary data has no lines: whichever of its stretches tells most speaks for the file.
  if (binary)
    return [{ ...earliest, cause: all.find(({ cause }) => cause !== 'unknown')?.cause ?? 'unknown', count: 1 }]
  return shifted ? [{ ...earliest, count: 1 }] : all
}

interface RecordPair {
  readonly a: GateRecord | undefined
  readonly b: GateRecord | undefined
  /** Bytes of each stream so far: where the one that is at its end ended. */
  readonly ends: readonly [number, number]
}

/** Records of equal number; after a line that is long on one side only, both go on with the next line. */
async function* pairRecords(
  left: AsyncGenerator<GateRecord, undefined>,
  right: AsyncGenerator<GateRecord, undefined>,
): AsyncGenerator<RecordPair, void> {
  const take = async (source: AsyncGenerator<GateRecord, undefined>): Promise<GateRecord | undefined> =>
    (await source.next()).value
  const skipLine = async (source: AsyncGenerator<GateRecord, undefined>, record: GateRecord): Promise<GateRecord> => {
    let last = record
    for (let next = await take(source); next !== undefined; next = await take(source)) {
      last = next
      if (next.ends) break
    }
    return last
  }
  let ends: readonly [number, number] = [0, 0]
  try {
    for (;;) {
      const a = await take(left)
      const b = await take(right)
      if (a === undefined && b === undefined) return
      yield { a, b, ends }
      const lastA = a !== undefined && b?.ends === true && !a.ends ? await skipLine(left, a) : a
      const lastB = b !== undefined && a?.ends === true && !b.ends ? await skipLine(right, b) : b
      ends = [endOf(lastA) ?? ends[0], endOf(lastB) ?? ends[1]]
    }
  } finally {
    await left.return(undefined)
    await right.return(undefined)
  }
}

const endOf = (record: GateRecord | undefined): number | undefined =>
  record === undefined ? undefined : record.offset + record.bytes.length

function explain(
  a: GateRecord | undefined,
  b: GateRecord | undefined,
  pair: ConditionPair,
  head: Uint8Array,
): readonly LineFinding[] {
  if (a === undefined || b === undefined) return [{ cause: 'unknown', first: 0, second: 0 }]
  if (!isText(a) || !isText(b)) return [explainBytes(a, b, head)]
  return explainLines(latin1(a.bytes), latin1(b.bytes), pair)
}

const describe = (
  a: GateRecord | undefined,
  b: GateRecord | undefined,
  { cause, first, second }: LineFinding,
  ends: RecordPair['ends'],
): ContentDifference => ({
  cause,
  offset: (a?.offset ?? ends[0]) + first,
  first: excerptOf(a, first, ends[0]),
  second: excerptOf(b, second, ends[1]),
  count: 1,
})

/** One character a byte, so that an index in the text is an index in the bytes. */
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** Whether both sides got the same records, in whatever order. A hash that is quick, not one that withstands anybody. */
function createTally() {
  const sums = [0, 0]
  return {
    add(a: GateRecord | undefined, b: GateRecord | undefined): void {
      for (const [side, record] of [a, b].entries()) {
        if (record === undefined) continue
        const sign = side === 0 ? 1 : -1
        for (const [lane, seed] of seeds.entries())
          sums[lane] = ((sums[lane] ?? 0) + sign * hashLine(record.bytes, seed)) | 0
      }
    },
    balanced: (): boolean => sums.every((sum) => sum === 0),
  }
}

/** The last line of a file may lack its newline, so newlines do not count. */
function hashLine(bytes: Uint8Array, seed: number): number {
  const length = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length
  let hash = seed
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
  // FNV's low bits are weak, and a sum keeps low bits apart.
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12)
}

const seeds = [0x811c9dc5, 0x5bd1e995]
const headBytes = 8

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
