import { maxOfUsdc, maxUsdc, minUsdc, portionDown, timesUsdc, usdc, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'
import type { ValidatorOffence } from './validator-fault.ts'

export interface ValidatorSlashInput {
  readonly offence: ValidatorOffence
  /** Final convictions of this validator by a quorum, so far. */
  readonly priorFaults: number
  /** What it has at stake now. */
  readonly stakeUsdc: UsdcBase
  /** Fee of one attestation in the order. */
  readonly auditFeeUsdc: UsdcBase
  /** `maxAmount` of the order's terms. */
  readonly maxAmount: UsdcBase
}

/**
 * What a convicted validator loses: a hundred audit fees at least, and outvoted a tenth of its stake, then half, then all
 * when that is more. Never more than the stake, nor than the chain takes for one fault in the order.
 */
export function validatorSlash(input: ValidatorSlashInput): UsdcBase {
  const { offence, priorFaults, stakeUsdc, auditFeeUsdc, maxAmount } = input
  const { outvotedBps, unopenedFees } = verificationPolicy
  const rung = outvotedBps[Math.min(priorFaults, outvotedBps.length - 1)]!
  const least = timesUsdc(auditFeeUsdc, unopenedFees)
  const due = offence === 'outvoted' ? maxOfUsdc(portionDown(stakeUsdc, rung), least) : least
  return minUsdc(minUsdc(due, stakeUsdc), chainSlashCap(maxAmount))
}

/** The most that `Disputes` takes for one fault in an order, within what an amount on chain can hold. */
export function chainSlashCap(maxAmount: UsdcBase): UsdcBase {
  const cap = maxAmount * verificationPolicy.chainSlashMultiple
  return cap < maxUsdc ? usdc(cap) : maxUsdc
}
