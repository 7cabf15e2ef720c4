/** Who is owed what by the escrow, and how it is fetched. */
import type { Hex } from 'viem'

import { type Done, type Market, add, put, withEscrow } from './market.ts'
import { unpackPayouts } from './packed.ts'
import { revert } from './revert.ts'
import { RULES } from './rules.ts'
import { operatorCountOf, payoutOf } from './stakes.ts'
import { paid, tryPaid } from './token.ts'

/** What a settlement brings in, and where it goes. */
export interface Settlement {
  readonly payouts: Hex
  readonly aggregator: Hex
  readonly fee: bigint
  /** What orders and tabs were charged in all, and the most that the fee may be of it. */
  readonly charged: bigint
  readonly feeCap: bigint
}

/** Credits operators and the aggregator with exactly what was charged. */
export function credited(market: Market, settlement: Settlement): Market {
  const { payouts, aggregator, fee, charged, feeCap } = settlement
  if (fee > feeCap) throw revert('escrow', 'FeeOverCap', fee, feeCap)
  if (fee > 0n && BigInt(aggregator) === 0n) throw revert('escrow', 'ZeroAggregator')

  let { ledger } = market.escrow
  let previous = 0
  let sum = fee
  let newcomer = 0
  for (const { index, amount } of unpackPayouts(payouts)) {
    if (index <= previous) throw revert('escrow', 'PayoutsNotSorted', index)
    previous = index
    const balance = ledger.get(index) ?? 0n
    if (balance + amount > RULES.maxUint64) throw revert('escrow', 'LedgerOverflow', index)
    newcomer = balance === 0n ? index : 0
    ledger = put(ledger, index, balance + amount)
    sum += amount
  }
  // Payouts ascend, so if the last operator exists, all do; and whoever has earnings exists.
  const count = operatorCountOf(market)
  if (newcomer > count) throw revert('escrow', 'UnknownOperator', newcomer, count)
  if (sum !== charged) throw revert('escrow', 'Unbalanced', charged, sum)
  const credit = fee > 0n ? add(market.escrow.credit, aggregator, fee) : market.escrow.credit
  return withEscrow(market, { ledger, credit })
}

/** Pays a client, or notes its credit if the token refuses. */
export function pushed(market: Market, to: Hex, amount: bigint): Market {
  const payment = tryPaid(market, { from: market.setting.escrow, to, amount })
  if (payment.went || amount === 0n) return payment.market
  return withEscrow(market, { credit: add(market.escrow.credit, to, amount) })
}

export function withdrawEarnings(market: Market, index: number): Done {
  const amount = market.escrow.ledger.get(index) ?? 0n
  if (amount === 0n) throw revert('escrow', 'NothingToWithdraw')
  const cleared = withEscrow(market, { ledger: put(market.escrow.ledger, index, 0n) })
  const payment = { from: market.setting.escrow, to: payoutOf(market, index), amount }
  return { market: paid(cleared, payment), answer: amount }
}

export function withdrawCredit(market: Market, caller: Hex, to: Hex): Done {
  const amount = market.escrow.credit.get(caller) ?? 0n
  if (amount === 0n) throw revert('escrow', 'NothingToWithdraw')
  const cleared = withEscrow(market, { credit: put(market.escrow.credit, caller, 0n) })
  return { market: paid(cleared, { from: market.setting.escrow, to, amount }), answer: amount }
}
