/** Orders, as `IEscrow` and the table of order states describe them. */
import type { Hex } from 'viem'

import { type Batch, acceptanceDigest, batchDigest, orderIdOf } from './digests.ts'
import { requireIntake } from './intake.ts'
import { credited, pushed } from './ledger.ts'
import { type Done, type Market, type Order, type OrderTerms, ZERO_ADDRESS, put, withEscrow } from './market.ts'
import { unpackOrders, unpackPayouts } from './packed.ts'
import { requireSigned } from './quorums.ts'
import { revert, unlessRefused } from './revert.ts'
import { RULES } from './rules.ts'
import { agreed } from './signatures.ts'
import { drawnAll } from './tabs.ts'
import { pulled, received } from './token.ts'

export interface Funding {
  readonly terms: OrderTerms
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly signature: Hex
}

/** What was taken of orders or tabs, and the most that the fee may be of it. */
export interface Taken {
  readonly market: Market
  readonly charged: bigint
  readonly feeCap: bigint
}

const STATUS_NUMBER = { funded: 1, settled: 2, refunded: 3 } as const

// ── Funding ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export function fund(market: Market, caller: Hex, terms: OrderTerms): Done {
  const { client, maxAmount } = terms
  if (caller !== client) throw revert('escrow', 'NotClient', caller, client)
  const opened = openedOrder(market, terms)
  const payment = { from: client, to: market.setting.escrow, amount: maxAmount }
  return { market: pulled(opened.market, payment), answer: opened.id }
}

export function fundWithAuthorization(market: Market, { terms, validAfter, validBefore, signature }: Funding): Done {
  const opened = openedOrder(market, terms)
  const { client: from, maxAmount: value } = terms
  const authorization = { from, to: market.setting.escrow, value, validAfter, validBefore, nonce: opened.id }
  return { market: received(opened.market, authorization, signature), answer: opened.id }
}

/** Each stands alone: one that cannot be funded does not hold up the others. */
export function fundMany(market: Market, fundings: readonly Funding[]): Done {
  let after = market
  let funded = 0n
  for (const funding of fundings) {
    const done = unlessRefused(() => fundWithAuthorization(after, funding))
    if (done === undefined) continue
    after = done.market
    funded += 1n
  }
  return { market: after, answer: funded }
}

/** For the escrow itself, which is never the caller here. */
export function fundOne(caller: Hex): never {
  throw revert('escrow', 'NotSelf', caller)
}

/** Accepts the terms; the money is still to come. */
export function openedOrder(market: Market, terms: OrderTerms): { readonly market: Market; readonly id: Hex } {
  requireIntake(market, 'escrow')
  const id = orderIdOf(market.setting, terms)
  if (market.escrow.orders.has(id)) throw revert('escrow', 'OrderExists', id)
  const { client, aggregator, maxAmount, settleBy, refundAt, quorumId, feeBps } = terms
  if (maxAmount === 0n) throw revert('escrow', 'ZeroAmount')
  if (client === ZERO_ADDRESS) throw revert('escrow', 'ZeroClient')
  if (aggregator === ZERO_ADDRESS) throw revert('escrow', 'ZeroAggregator')
  if (feeBps > RULES.maxFeeBps) throw revert('escrow', 'FeeBpsOverCap', feeBps, RULES.maxFeeBps)
  if (market.now >= settleBy) throw revert('escrow', 'TooLate', settleBy)
  if (settleBy > refundAt) throw revert('escrow', 'RefundBeforeSettle', settleBy, refundAt)
  const latest = market.now + RULES.maxRefundDelay
  if (refundAt > latest) throw revert('escrow', 'RefundTooLate', refundAt, latest)
  if (quorumId > market.quorums.length) throw revert('quorums', 'QuorumUnknown', quorumId)
  const order: Order = { status: 'funded', remaining: maxAmount, settleBy, refundAt, quorumId, feeBps }
  return { market: withEscrow(market, { orders: put(market.escrow.orders, id, order) }), id }
}

// ── Settling ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export function settle(market: Market, batch: Batch, signatures: Hex): Done {
  requireSigned(market, batch.quorumId, batchDigest(market.setting, batch), signatures)
  if (batch.orders === '0x' && batch.tabs === '0x') throw revert('escrow', 'EmptyBatch')
  const orders = chargedAll(market, batch)
  const tabs = drawnAll(orders.market, batch)
  const { payouts, aggregator, fee } = batch
  const charged = orders.charged + tabs.charged
  const feeCap = orders.feeCap + tabs.feeCap
  return { market: credited(tabs.market, { payouts, aggregator, fee, charged, feeCap }) }
}

/** The client's own acceptance, for orders that name no quorum. */
export function settleByClient(
  market: Market,
  terms: OrderTerms,
  accepted: Pick<Batch, 'payouts' | 'fee' | 'resultsRoot'>,
  signature: Hex,
): Done {
  const id = orderIdOf(market.setting, terms)
  const { client, aggregator } = terms
  if (!agreed(market.setting, client, acceptanceDigest(market.setting, id, accepted), signature)) {
    throw revert('escrow', 'BadSignature', client)
  }
  const { payouts, fee } = accepted
  const charged = unpackPayouts(payouts).reduce((sum, { amount }) => sum + amount, fee)
  const taken = chargedOne(market, { orderId: id, amount: charged }, 0)
  return { market: credited(taken.market, { payouts, aggregator, fee, charged, feeCap: taken.feeCap }) }
}

function chargedAll(market: Market, { orders, quorumId }: Batch): Taken {
  let taken: Taken = { market, charged: 0n, feeCap: 0n }
  let previous = 0n
  for (const { orderId, amount } of unpackOrders(orders)) {
    if (BigInt(orderId) <= previous) throw revert('escrow', 'OrdersNotSorted', orderId)
    previous = BigInt(orderId)
    const one = chargedOne(taken.market, { orderId, amount }, quorumId)
    taken = { market: one.market, charged: taken.charged + amount, feeCap: taken.feeCap + one.feeCap }
  }
  return taken
}

function chargedOne(market: Market, charge: { orderId: Hex; amount: bigint }, quorumId: number): Taken {
  const { orderId, amount } = charge
  const order = orderOf(market, orderId)
  if (order.status !== 'funded') throw revert('escrow', 'OrderClosed', orderId, STATUS_NUMBER[order.status])
  if (order.quorumId !== quorumId) throw revert('escrow', 'WrongQuorum', orderId, quorumId, order.quorumId)
  if (market.now >= order.settleBy) throw revert('escrow', 'TooLate', order.settleBy)
  if (amount > order.remaining) throw revert('escrow', 'Overdraw', orderId, order.remaining, amount)
  const settled: Order = { ...order, status: 'settled', remaining: order.remaining - amount }
  return {
    market: withEscrow(market, { orders: put(market.escrow.orders, orderId, settled) }),
    charged: amount,
    feeCap: (amount * BigInt(order.feeBps)) / RULES.bps,
  }
}

// ── Ways out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The whole order from `refundAt`, or what a settlement left of it at any time. */
export function refund(market: Market, terms: OrderTerms): Done {
  const id = orderIdOf(market.setting, terms)
  const order = orderOf(market, id)
  if (order.status === 'refunded') throw revert('escrow', 'OrderClosed', id, STATUS_NUMBER.refunded)
  if (order.status === 'settled' && order.remaining === 0n) throw revert('escrow', 'NothingLeft', id)
  if (order.status === 'funded' && market.now < order.refundAt) throw revert('escrow', 'TooEarly', order.refundAt)
  const status = order.status === 'funded' ? 'refunded' : order.status
  const closed = withEscrow(market, { orders: put(market.escrow.orders, id, { ...order, status, remaining: 0n }) })
  return { market: pushed(closed, terms.client, order.remaining) }
}

function orderOf(market: Market, id: Hex): Order {
  const order = market.escrow.orders.get(id)
  if (order === undefined) throw revert('escrow', 'OrderUnknown', id)
  return order
}
