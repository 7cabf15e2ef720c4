import { subUsdcFloor0, usdc, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

/** What a provider may still take on at one aggregator: half its stake, rounded down, less its unsettled leases. */
export const exposureRoom = (stake: UsdcBase, unsettled: UsdcBase): UsdcBase =>
  subUsdcFloor0(usdc(stake / verificationPolicy.exposureDivisor), unsettled)
