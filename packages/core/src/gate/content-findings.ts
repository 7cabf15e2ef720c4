/** What the differing lines of one file come to. */
import type { ConditionPair, Difference, DifferenceCause, LineFinding } from './difference.ts'
import { excerptOf, isText } from './excerpt.ts'
import { explainBytes } from './explain-bytes.ts'
import { explainLines } from './explain-lines.ts'
import { limits } from './limits.ts'
import type { RecordPair } from './pair-records.ts'
import type { GateRecord } from './read-records.ts'

export type ContentDifference = Pick<Difference, 'cause' | 'count'> &
  Required<Pick<Difference, 'offset' | 'first' | 'second'>>

/** Lines that differ, in bounded memory. */
export interface ContentFindings {
  /** Sees every record of the first stream: the first one tells an archive. */
  meet(record: GateRecord | undefined): void
  /** Takes two records that differ; `undefined`: the stream is at its end. */
  add(records: RecordPair): void
  /** One for each cause, by offset. */
  differences(): readonly ContentDifference[]
}

export function createFindings(pair: ConditionPair): ContentFindings {
  const lines: DifferingLine[] = []
  const tally = createTally()
  let head: Uint8Array | undefined
  let differing = 0
  let shifted = false
  let binary = false
  return {
    meet(record) {
      head ??= record?.bytes.slice(0, headBytes) ?? new Uint8Array(0)
    },
    add(records) {
      const { a, b } = records
      differing += 1
      tally.add(a, b)
      if (a === undefined || b === undefined) shifted = true
      else if (!isText(a) || !isText(b)) binary = true
      if (lines.length >= limits.explained) return
      const found = explain(records, pair, head ?? new Uint8Array(0)).map((one) => describe(records, one))
      lines.push({ a: hashOf(a), b: hashOf(b), found })
    },
    differences() {
      const all = collect(lines)
      const earliest = all[0]
      if (earliest === undefined) return []
      if (!shifted && differing > 1 && tally.balanced()) return [{ ...earliest, cause: 'order', count: differing }]
      // Binary data has no lines: whichever of its stretches tells most speaks for the file.
      const known = all.find(({ cause }) => cause !== 'unknown')?.cause ?? 'unknown'
      if (binary) return [{ ...earliest, cause: known, count: 1 }]
      return shifted ? [{ ...earliest, count: 1 }] : collect(lines.map(movedIn(lines)))
    },
  }
}

interface DifferingLine {
  readonly a: string
  readonly b: string
  readonly found: readonly ContentDifference[]
}

/** One difference for each cause: its first, and how many lines have it. */
function collect(lines: readonly DifferingLine[]): readonly ContentDifference[] {
  const found = new Map<DifferenceCause, ContentDifference>()
  for (const one of lines.flatMap((line) => line.found)) {
    const known = found.get(one.cause)
    found.set(one.cause, known === undefined ? one : { ...known, count: known.count + 1 })
  }
  return [...found.values()].toSorted((x, y) => x.offset - y.offset)
}

/** Lines whose two sides both stand elsewhere on the other side were moved, whatever else their words suggest. */
function movedIn(lines: readonly DifferingLine[]): (line: DifferingLine) => DifferingLine {
  const inA = new Set(lines.map(({ a }) => a))
  const inB = new Set(lines.map(({ b }) => b))
  return (line) => {
    const earliest = line.found[0]
    const moved = earliest !== undefined && inB.has(line.a) && inA.has(line.b)
    return moved ? { ...line, found: [{ ...earliest, cause: 'order' }] } : line
  }
}

function explain({ a, b }: RecordPair, pair: ConditionPair, head: Uint8Array): readonly LineFinding[] {
  if (a === undefined || b === undefined) return [{ cause: 'unknown', first: 0, second: 0 }]
  if (!isText(a) || !isText(b)) return [explainBytes(a, b, pair, head)]
  return explainLines(latin1(a.bytes), latin1(b.bytes), pair)
}

/** One character a byte, so that an index in the text is an index in the bytes. */
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

const describe = ({ a, b, ends }: RecordPair, { cause, first, second }: LineFinding): ContentDifference => ({
  cause,
  offset: (a?.offset ?? ends[0]) + first,
  first: excerptOf(a, first, ends[0]),
  second: excerptOf(b, second, ends[1]),
  count: 1,
})

/** Whether both sides got the same records, in whatever order and however many. */
function createTally() {
  const sums = [0, 0]
  return {
    add(a: GateRecord | undefined, b: GateRecord | undefined): void {
      for (const [lane, seed] of seeds.entries())
        sums[lane] = ((sums[lane] ?? 0) + hashLine(a?.bytes, seed) - hashLine(b?.bytes, seed)) | 0
    },
    balanced: (): boolean => sums.every((sum) => sum === 0),
  }
}

const hashOf = (record: GateRecord | undefined): string => seeds.map((seed) => hashLine(record?.bytes, seed)).join()

/** Quick, and withstands nobody: it tells lines apart. The last line of a file may lack its newline, so none counts. */
function hashLine(bytes: Uint8Array | undefined, seed: number): number {
  if (bytes === undefined) return 0
  const length = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length
  let hash = seed
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
  // FNV's low bits are weak, and a sum keeps low bits apart.
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12)
}

const seeds = [0x811c9dc5, 0x5bd1e995]
const headBytes = 8
