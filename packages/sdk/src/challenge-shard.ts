import { createEnvelope, MarketError, toJson } from '@assay/protocol'
import type { JobParts } from './job-parts.ts'
import { readState } from './job-state.ts'

export interface ChallengeOptions {
  /** A short code for the record: lowercase letters, digits and dashes, at most 32. */
  readonly why?: string
  readonly signal?: AbortSignal
}

/** Signs a challenge of a shard's accepted commit and hands it to the aggregator. Throws `job-incomplete`, `challenge-refused`. */
export async function challengeShard(
  parts: JobParts,
  shard: number,
  { why = 'doubt' }: ChallengeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { api, clock, domain, orderId, signer } = parts
  const { attempts } = await readState(parts, signal)
  const commit = attempts.find((attempt) => attempt.shard === shard && attempt.state === 'accepted')?.commit
  if (commit === undefined)
    throw new MarketError('job-incomplete', 'the shard has no accepted result to challenge', { details: { shard } })
  const { chainId, escrow } = domain
  const body = { chainId, escrow, commitment: commit.commitment, why, atMs: clock.now() }
  await api.challenge(orderId, await createEnvelope('challenge/1', toJson(body), signer), signal)
}
