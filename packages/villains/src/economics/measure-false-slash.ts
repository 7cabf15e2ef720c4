import { isConviction, verificationPolicy } from '@assay/core'
import { referenceConditions } from './conditions.ts'
import { judgeCommit } from './judge-commit.ts'
import { createRandom } from './random.ts'
import { createRules } from './rules.ts'
import { createTally, type Estimate } from './statistics.ts'

export interface FalseSlash {
  readonly bitFlip: number
  /** Convictions of an honest provider for each shard. */
  readonly convictions: Estimate
  /** What it loses by them, price and slash, as a share of its revenue. */
  readonly loss: Estimate
  /** What the research page expects of that loss: σ·e/d, for a provider past its probation. */
  readonly expectedLoss: number
  readonly shards: number
}

/**
 * How often and how dearly an honest provider past its probation is convicted, when every run, its own and those of the
 * seats, goes wrong with that chance. Nobody covers for it.
 */
export function measureFalseSlash({
  bitFlip,
  shards,
  seed,
}: {
  readonly bitFlip: number
  readonly shards: number
  readonly seed: number
}): FalseSlash {
  const conditions = { ...referenceConditions, bitFlip, collusion: 0, laziness: 0 }
  const { stakeUsdc, priceUsdc } = conditions
  const rules = createRules('ours', conditions)
  const ratePpm = rules.rate(stakeUsdc, Number.MAX_SAFE_INTEGER)
  const costUsdc = priceUsdc + rules.slash(stakeUsdc, ratePpm)
  const random = createRandom(seed, 'false slash')
  const convictions = createTally()
  for (let shard = 0; shard < shards; shard++) {
    const right = !random.chance(bitFlip)
    const sampled = random.chance(ratePpm / 1_000_000)
    const judged = sampled
      ? judgeCommit({ right, opened: true, bribed: false, picksSeats: false }, conditions, random)
      : undefined
    convictions.add(judged !== undefined && isConviction(judged.verdict) ? 1 : 0)
  }
  const found = convictions.estimate()
  const price = costUsdc / priceUsdc
  const { safetyFactor, catchPpm } = verificationPolicy
  return {
    bitFlip,
    convictions: found,
    loss: { mean: found.mean * price, standardError: found.standardError * price, count: found.count },
    expectedLoss: (Number(safetyFactor) * bitFlip * 1_000_000) / Number(catchPpm),
    shards,
  }
}
