import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { DueEpoch } from './propose-epoch.ts'

/**
 * Batches of commits whose wait is over: their job has nothing else in flight, or they are many, or the oldest is old.
 * `quiet` holds the orders that have nothing else in flight.
 */
export function dueEpochs({ clock, store }: Context, quiet: ReadonlySet<string>): readonly DueEpoch[] {
  // What is proposed again goes apart: a member that refuses it must not cost new commits one of their two proposals.
  const groups = [true, false].flatMap((again) => {
    const waiting = store.unbatched().filter(({ mustAudit }) => mustAudit === again)
    return [...Map.groupBy(waiting, (attempt) => store.job(attempt.orderId)?.terms.quorumId)]
  })
  return groups.flatMap(([quorumId, group]) => {
    // Quorum 0: class DX, which joins no epoch.
    if (quorumId === undefined || quorumId === 0) return []
    const oldest = Math.min(...group.map((attempt) => attempt.atMs))
    const due =
      group.length >= limits.epochLeaves ||
      clock.now() - oldest >= limits.epochAgeMs ||
      group.some((attempt) => quiet.has(attempt.orderId))
    return due ? [{ quorumId, group: group.slice(0, limits.epochLeaves) }] : []
  })
}
