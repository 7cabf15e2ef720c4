import type { ResultRoot } from '@assay/protocol'
import type { SeatResult } from './decide-audit.ts'

export interface AppealFacts {
  /** Results of the bench, in drawing order. */
  readonly results: readonly SeatResult[]
  /** Seats that the appeal asks for: 7, 15 or 31. */
  readonly size: number
}

/**
 * The result that more than half of the asked seats found, among the first `size` drawn ones that showed a result;
 * `undefined` when there is none, also because the bench is too small or too silent to reach one.
 */
export function decideAppeal({ results, size }: AppealFacts): ResultRoot | undefined {
  const counted = results.slice(0, size)
  const tally = new Map<ResultRoot, number>()
  for (const { root } of counted) tally.set(root, (tally.get(root) ?? 0) + 1)
  return [...tally].find(([, count]) => count * 2 > size)?.[0]
}
