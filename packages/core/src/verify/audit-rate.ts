import { ppm, type DeterminismClass, type Ppm, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'
import { reducedSlash } from './slash-amount.ts'

export interface AuditRateInput {
  /** Price of the shard. */
  readonly priceUsdc: UsdcBase
  /** The provider's seizable stake on chain. */
  readonly stakeUsdc: UsdcBase
  /** Its audited passes in a row in the job's class, from 0. */
  readonly auditedPasses: number
  /** Least rate the client asks for. */
  readonly minRatePpm: Ppm
  /** Class of the job: it decides how much of the stake a wrong result can cost. */
  readonly determinism: DeterminismClass
}

/**
 * Least audit rate of a commit, in ppm: max(floor, min(1, σP/((d−α)(P+A))), q(k), client's minimum), every quotient
 * rounded up. Falls with stake and passes, never below the floor. With D3, A is what its reduced slash can take.
 */
export function requiredRate(input: AuditRateInput): Ppm {
  const { priceUsdc, stakeUsdc, auditedPasses, minRatePpm, determinism } = input
  const { rateFloorPpm } = verificationPolicy
  const seizableUsdc = determinism === 'D3' ? reducedSlash(priceUsdc, stakeUsdc) : stakeUsdc
  return ppm(Math.max(rateFloorPpm, stakeRate(priceUsdc, seizableUsdc), probationRate(auditedPasses), minRatePpm))
}

/** What the provider's money at risk leaves to chance. Without price and stake: everything is audited. */
function stakeRate(price: UsdcBase, stake: UsdcBase): number {
  const { safetyFactor, catchPpm, falseConvictionPpm } = verificationPolicy
  const denominator = (catchPpm - falseConvictionPpm) * (price + stake)
  if (denominator === 0n) return million
  return capped(ceilDiv(safetyFactor * price * 1_000_000n * 1_000_000n, denominator))
}

/** q(k): a newcomer is audited always, then 10/k. Passing without being audited does not count. */
function probationRate(passes: number): number {
  const { probationPasses } = verificationPolicy
  return passes < probationPasses ? million : Math.ceil((probationPasses * million) / passes)
}

const million = 1_000_000
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b
const capped = (rate: bigint): number => Number(rate > 1_000_000n ? 1_000_000n : rate)
