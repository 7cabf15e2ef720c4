/** Two streams of records, side by side. */
import { readRecords, type GateRecord } from './read-records.ts'

export interface RecordPair {
  readonly a: GateRecord | undefined
  readonly b: GateRecord | undefined
  /** Bytes of each stream so far: where the one that is at its end ended. */
  readonly ends: readonly [number, number]
}

/**
 * Hands records of equal number to `onPair`, until both streams are at their end; after a line that is long on one side
 * only, both go on with the next line. Ends both streams, also when one of them breaks.
 */
export async function pairRecords(
  first: AsyncIterable<Uint8Array>,
  second: AsyncIterable<Uint8Array>,
  onPair: (pair: RecordPair) => void,
): Promise<void> {
  await using left = openCursor(first)
  await using right = openCursor(second)
  let ends: readonly [number, number] = [0, 0]
  for (;;) {
    if (left.empty()) await left.fill()
    if (right.empty()) await right.fill()
    const a = left.take()
    const b = right.take()
    if (a === undefined && b === undefined) return
    onPair({ a, b, ends })
    const lastA = a !== undefined && !a.ends && b?.ends === true ? await skipLine(left, a) : a
    const lastB = b !== undefined && !b.ends && a?.ends === true ? await skipLine(right, b) : b
    ends = [endOf(lastA) ?? ends[0], endOf(lastB) ?? ends[1]]
  }
}

/** Records one by one. They come in batches, since waiting for each of them would take most of the time. */
interface Cursor extends AsyncDisposable {
  /** Nothing is at hand: `fill` first. */
  empty(): boolean
  fill(): Promise<void>
  /** `undefined` at the end. */
  take(): GateRecord | undefined
}

function openCursor(chunks: AsyncIterable<Uint8Array>): Cursor {
  const source = readRecords(chunks)
  let batch: readonly GateRecord[] = []
  let at = 0
  let ended = false
  return {
    empty: () => at >= batch.length && !ended,
    async fill() {
      while (at >= batch.length && !ended) {
        const next = await source.next()
        ended = next.done === true
        batch = next.done === true ? [] : next.value
        at = 0
      }
    },
    take: () => batch[at++],
    [Symbol.asyncDispose]: async () => void (await source.return()),
  }
}

async function skipLine(cursor: Cursor, record: GateRecord): Promise<GateRecord> {
  let last = record
  while (!last.ends) {
    if (cursor.empty()) await cursor.fill()
    const next = cursor.take()
    if (next === undefined) break
    last = next
  }
  return last
}

const endOf = (record: GateRecord | undefined): number | undefined =>
  record === undefined ? undefined : record.offset + record.bytes.length
