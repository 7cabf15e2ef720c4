/** Two streams of records, side by side. */
import type { GateRecord } from './read-records.ts'

export interface RecordPair {
  readonly a: GateRecord | undefined
  readonly b: GateRecord | undefined
  /** Bytes of each stream so far: where the one that is at its end ended. */
  readonly ends: readonly [number, number]
}

/** Records of equal number; after a line that is long on one side only, both go on with the next line. */
export async function* pairRecords(
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
