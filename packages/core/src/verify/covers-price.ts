import { timesUsdc, type UsdcBase } from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

/** Whether a provider has enough at stake for shards of that price, whatever else it does: ten times the price. */
export const coversPrice = (stake: UsdcBase, price: UsdcBase): boolean =>
  stake >= timesUsdc(price, verificationPolicy.leastStakePrices)
