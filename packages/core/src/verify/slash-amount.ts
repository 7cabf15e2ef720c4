import { maxOfUsdc, minUsdc, usdc, type DeterminismClass, type Ppm, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

export interface SlashInput {
  /** Price of the shard. */
  readonly priceUsdc: UsdcBase
  /** What the accused has at stake now. */
  readonly stakeUsdc: UsdcBase
  /** Rate at which the commit was audited, as the epoch froze it. */
  readonly ratePpm: Ppm
  /** Class of the job. */
  readonly determinism: DeterminismClass
}

/**
 * L = min(A, max(10P, ⌈σP/(rate·(d−α))⌉ − P)): what deterrence needs at that rate and no more. A rate of 0, which no
 * epoch can hold, takes everything. Class D3 takes at most 5P: an honest machine can be just outside of a tolerance, and
 * what a smaller slash deters less, `requiredRate` makes up for.
 */
export function slashAmount({ priceUsdc, stakeUsdc, ratePpm, determinism }: SlashInput): UsdcBase {
  if (determinism === 'D3') return reducedSlash(priceUsdc, stakeUsdc)
  if (ratePpm <= 0) return stakeUsdc
  const { leastUsdc, deterrentUsdc } = deterrentSlash(priceUsdc, ratePpm)
  return minUsdc(stakeUsdc, maxOfUsdc(leastUsdc, deterrentUsdc))
}

/** The two sums of which a slash takes the larger, stake allowing. `ratePpm` is above 0. */
export function deterrentSlash(
  priceUsdc: UsdcBase,
  ratePpm: Ppm,
): { readonly leastUsdc: UsdcBase; readonly deterrentUsdc: UsdcBase } {
  const { safetyFactor, catchPpm, falseConvictionPpm, slashMinPrices } = verificationPolicy
  const scaled = BigInt(ratePpm) * (catchPpm - falseConvictionPpm)
  const deterrent = (safetyFactor * priceUsdc * 1_000_000n * 1_000_000n + scaled - 1n) / scaled - priceUsdc
  return { leastUsdc: usdc(priceUsdc * BigInt(slashMinPrices)), deterrentUsdc: usdc(deterrent) }
}

/** Most that a result of class D3 can cost its provider. */
export const reducedSlash = (priceUsdc: UsdcBase, stakeUsdc: UsdcBase): UsdcBase =>
  minUsdc(stakeUsdc, usdc(priceUsdc * BigInt(verificationPolicy.reducedSlashPrices)))
