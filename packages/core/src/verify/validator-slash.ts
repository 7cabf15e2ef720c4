import { maxUsdc, minUsdc, portionDown, timesUsdc, usdc, type UsdcBase } from '@assay/protocol'
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
 * What a convicted validator loses: outvoted, a tenth of its stake, then half, then all; not having opened, a hundred
 * audit fees. Never more than the stake, nor than the chain takes for one fault in the order.
 */
export function validatorSlash(input: ValidatorSlashInput): UsdcBase {
  const { offence, priorFaults, stakeUsdc, auditFeeUsdc, maxAmount } = input
  const { outvotedBps, unopenedFees } = verificationPolicy
  const rung = outvotedBps[Math.min(priorFaults, outvotedBps.length - 1)]!
  const due = offence === 'outvoted' ? portionDown(stakeUsdc, rung) : timesUsdc(auditFeeUsdc, unopenedFees)
  return minUsdc(minUsdc(due, stakeUsdc), chainSlashCap(maxAmount))
}

/** The most that `Disputes` takes for one fault in an order, within what an amount on chain can hold. */
export function chainSlashCap(maxAmount: UsdcBase): UsdcBase {
  const cap = maxAmount * verificationPolicy.chainSlashMultiple
  return cap < maxUsdc ? usdc(cap) : maxUsdc
}
