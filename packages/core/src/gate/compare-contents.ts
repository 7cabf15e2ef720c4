/** Two streams side by side: where they part, and why as far as the bytes show. Memory: a chunk of each, some hashes. */
import { createFindings, type ContentDifference } from './content-findings.ts'
import type { ConditionPair } from './difference.ts'
import { pairRecords } from './pair-records.ts'

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
  const findings = createFindings(pair)
  await pairRecords(first, second, (records) => {
    const { a, b } = records
    findings.meet(a)
    if (a === undefined || b === undefined || !sameBytes(a.bytes, b.bytes)) findings.add(records)
  })
  return findings.differences()
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
