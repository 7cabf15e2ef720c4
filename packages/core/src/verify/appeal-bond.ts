import { maxUsdc, portionUp, usdc, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

/** What the appeal after `appeals` others costs: a quarter of the slash, doubled each time, rounded up; `Disputes.bondOf`. */
export function appealBond(slash: UsdcBase, appeals: number): UsdcBase {
  const bond = portionUp(usdc(slash << BigInt(appeals)), verificationPolicy.appealBondBps)
  return bond < maxUsdc ? bond : maxUsdc
}
