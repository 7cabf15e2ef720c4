/** Deposit addresses of the fake escrow: plain balances of its token. */
import type { ChainMarket } from '@assay/core'
import { deriveDepositAddress, deriveOrderId, type Address, type OrderTerms, type UnixSeconds } from '@assay/protocol'
import { revert } from './fake-revert.ts'
import type { FakeToken } from './fake-token.ts'

/** Moves an order's amount from its deposit address into the escrow, and a surplus back to the client if the token lets it. */
export function takeDeposit(token: FakeToken, market: ChainMarket, terms: OrderTerms): void {
  const account = depositOf(market, terms)
  const have = token.balanceOf(account)
  if (have < terms.maxAmount) throw revert('DepositTooSmall', { account, have, want: terms.maxAmount })
  token.transfer(account, market.escrow, terms.maxAmount)
  if (have === terms.maxAmount) return
  try {
    token.transfer(account, terms.client, have - terms.maxAmount)
  } catch {
    // It stays to be swept.
  }
}

/** Sends all that is at an order's deposit address to its client, and tells how much that was. */
export function sweepDeposit(
  token: FakeToken,
  market: ChainMarket,
  terms: OrderTerms,
  call: { readonly by: Address; readonly now: UnixSeconds; readonly unknown: boolean },
): bigint {
  if (call.unknown && call.now < terms.settleBy && call.by !== terms.client)
    throw revert('DepositStillFundable', { until: terms.settleBy })
  const account = depositOf(market, terms)
  const amount = token.balanceOf(account)
  if (amount === 0n) throw revert('NothingToSweep', { account })
  token.transfer(account, terms.client, amount)
  return amount
}

const depositOf = (market: ChainMarket, terms: OrderTerms): Address =>
  deriveDepositAddress(market, deriveOrderId(market, terms))
