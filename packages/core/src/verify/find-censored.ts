import type { SignedCommit } from '@assay/protocol'
import { fault, type Fault } from './fault.ts'
import type { JudgedJob } from './shard-judgement.ts'

/**
 * A commit that its provider claims and that a judged job neither shows nor answers with another accepted attempt at the
 * same shard. Who holds such a claim does not sign: the aggregator has dropped work that it leased.
 */
export function findCensored(
  { orderId, shards }: Pick<JudgedJob, 'orderId' | 'shards'>,
  claims: readonly SignedCommit[],
): Fault | undefined {
  const censored = claims.find((claim) => {
    if (claim.orderId !== orderId) return false
    const shard = shards[claim.shard]
    if (shard === undefined || shard.accepted !== undefined) return false
    // Without a right result there is nothing that another attempt could be paid for.
    if (shard.commits.some(({ verdict }) => verdict === 'nondeterministic')) return false
    return shard.commits.every(({ commit }) => commit.commitment !== claim.commitment)
  })
  if (censored === undefined) return undefined
  const { shard, attempt, provider, commitment } = censored
  return fault('commit-censored', { shard, attempt, provider, commitment })
}
