import { minUsdc, usdc, type Ppm, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

export interface SlashInput {
  /** Price of the shard. */
  readonly priceUsdc: UsdcBase
  /** What the accused has at stake now. */
  readonly stakeUsdc: UsdcBase
  /** Rate at which the commit was audited, as the epoch froze it. */
  readonly ratePpm: Ppm
}

/**
 * L = min(A, max(10P, ⌈σP/(rate·(d−α))⌉ − P)): what deterrence needs at that rate and no more. A rate of 0, which no
 * epoch can hold, takes everything.
 */
export function slashAmount({ priceUsdc, stakeUsdc, ratePpm }: SlashInput): UsdcBase {
  const { safetyFactor, catchPpm, falseConvictionPpm, slashMinPrices } = verificationPolicy
  if (ratePpm <= 0) return stakeUsdc
  const scaled = BigInt(ratePpm) * (catchPpm - falseConvictionPpm)
  const deterrent = (safetyFactor * priceUsdc * 1_000_000n * 1_000_000n + scaled - 1n) / scaled - priceUsdc
  const least = priceUsdc * BigInt(slashMinPrices)
  return minUsdc(stakeUsdc, usdc(deterrent > least ? deterrent : least))
}
