/** Orders and the operators' ledger of a fake chain: the rules of `Escrow`. */
import type { ChainMarket, ChainOrder, FundingAuthorization, SignedAcceptance, SignedBatch } from '@assay/core'
import {
  basisPoints,
  deriveAcceptanceDigest,
  deriveBatchDigest,
  deriveOrderId,
  derivePackedHash,
  packOrders,
  packPayouts,
  packTabs,
  portionDown,
  recoverSigner,
  sumUsdc,
  unixSeconds,
  usdc,
  type Address,
  type Hash32,
  type Hex,
  type OperatorIndex,
  type OrderCharge,
  type OrderId,
  type OrderTerms,
  type UnixSeconds,
} from '@assay/protocol'
import { createFakeDisputes, type FakeDisputes } from './fake-disputes.ts'
import { sweepDeposit, takeDeposit } from './fake-deposits.ts'
import { revert } from './fake-revert.ts'
import type { FakeStakes } from './fake-stakes.ts'
import { createTally } from './fake-tally.ts'
import type { FakeToken } from './fake-token.ts'

export interface FakeEscrow {
  order(id: OrderId): ChainOrder
  /** Results root under which an order was settled. */
  resultsRootOf(id: OrderId): Hash32 | undefined
  earnings(index: OperatorIndex): bigint
  /** Escrow's credit and disputes' credit of one owner. */
  credit(owner: Address): bigint
  fund(terms: OrderTerms, payment: FundingAuthorization | 'allowance' | 'deposit', now: UnixSeconds): OrderId
  sweep(terms: OrderTerms, by: Address, now: UnixSeconds): bigint
  settle(batch: SignedBatch, now: UnixSeconds): void
  settleByClient(terms: OrderTerms, acceptance: SignedAcceptance, now: UnixSeconds): void
  refund(terms: OrderTerms, now: UnixSeconds): bigint
  withdrawEarnings(index: OperatorIndex): bigint
  readonly disputes: FakeDisputes
  /** What escrow and disputes owe to anybody; must equal what they hold. */
  owed(): { readonly escrow: bigint; readonly disputes: bigint }
}

export interface FakeEscrowOptions {
  /** Seconds between recording a verdict and carrying it out. */
  readonly appealWindow: number
}

interface OrderRow {
  status: ChainOrder['status']
  remaining: bigint
  readonly terms: OrderTerms
  resultsRoot?: Hash32
}

const none: ChainOrder = {
  status: 'none',
  remaining: usdc(0n),
  settleBy: unixSeconds(0),
  refundAt: unixSeconds(0),
  quorumId: undefined,
  feeBps: basisPoints(0),
}
/** `Escrow.MAX_REFUND_DELAY`. */
const maxRefundDelay = 7 * 24 * 3600

/** An escrow without orders. */
export function createFakeEscrow(
  market: ChainMarket,
  token: FakeToken,
  stakes: FakeStakes,
  options: FakeEscrowOptions,
): FakeEscrow {
  const orders = new Map<OrderId, OrderRow>()
  const earnings = createTally<OperatorIndex>()
  const credit = createTally<Address>()
  const disputes = createFakeDisputes(market, token, stakes, {
    ...options,
    isFunded: (id) => orders.has(id),
    batchDigest: (batch) => batchDigest(market, batch),
  })

  const fund: FakeEscrow['fund'] = (terms, payment, now) => {
    const id = deriveOrderId(market, terms)
    if (orders.has(id)) throw revert('OrderExists', { orderId: id })
    if (terms.maxAmount === 0n) throw revert('ZeroAmount')
    if (now >= terms.settleBy) throw revert('TooLate', { closedAt: terms.settleBy })
    if (terms.settleBy > terms.refundAt) throw revert('RefundBeforeSettle')
    if (terms.refundAt > now + maxRefundDelay) throw revert('RefundTooLate')
    if (terms.feeBps > 500) throw revert('FeeBpsOverCap')
    if (terms.quorumId !== 0 && stakes.quorum(terms.quorumId) === undefined)
      throw revert('QuorumUnknown', { id: terms.quorumId })
    if (payment === 'allowance') token.transfer(terms.client, market.escrow, terms.maxAmount)
    else if (payment === 'deposit') takeDeposit(token, market, terms)
    else token.receive(terms, payment, now)
    orders.set(id, { status: 'funded', remaining: terms.maxAmount, terms })
    return id
  }

  const settle: FakeEscrow['settle'] = (batch, now) => {
    stakes.verify(batch.quorumId, batchDigest(market, batch), batch.signatures)
    if (batch.orders.length === 0) throw revert('EmptyBatch')
    requireAscending(batch.orders.map((order) => order.orderId).toSorted(), 'OrdersNotSorted')
    requireAscending(
      batch.payouts.map((payout) => payout.index).toSorted((a, b) => a - b),
      'PayoutsNotSorted',
    )
    const feeCap = sumUsdc(
      batch.orders.map((order) =>
        portionDown(order.charged, chargeable(orders.get(order.orderId), order, batch, now).terms.feeBps),
      ),
    )
    const charged = sumUsdc(batch.orders.map((order) => order.charged))
    const credits = sumUsdc(batch.payouts.map((payout) => payout.amount)) + batch.fee
    if (batch.fee > feeCap) throw revert('FeeOverCap', { fee: batch.fee, cap: feeCap })
    if (credits !== charged) throw revert('Unbalanced', { debits: charged, credits })
    const stranger = batch.payouts.find((payout) => payout.index < 1 || payout.index > stakes.count())
    if (stranger !== undefined) throw revert('UnknownOperator', { index: stranger.index })
    for (const { orderId, charged: amount } of batch.orders) {
      const row = orders.get(orderId)!
      row.status = 'settled'
      row.remaining -= amount
      row.resultsRoot = batch.resultsRoot
    }
    for (const payout of batch.payouts) earnings.add(payout.index, payout.amount)
    credit.add(batch.aggregator, batch.fee)
  }

  const settleByClient: FakeEscrow['settleByClient'] = (terms, { payouts, fee, resultsRoot, signature }, now) => {
    const orderId = deriveOrderId(market, terms)
    const acceptance = { orderId, payoutsHash: derivePackedHash(packPayouts(payouts)), fee, resultsRoot }
    if (recoverSigner(deriveAcceptanceDigest(market, acceptance), signature) !== terms.client)
      throw revert('BadSignature', { signer: terms.client })
    const charged = usdc(sumUsdc(payouts.map(({ amount }) => amount)) + fee)
    const row = chargeable(orders.get(orderId), { orderId, charged }, { quorumId: 0 }, now)
    const stranger = payouts.find(({ index }) => index < 1 || index > stakes.count())
    if (stranger !== undefined) throw revert('UnknownOperator', { index: stranger.index })
    const cap = portionDown(charged, terms.feeBps)
    if (fee > cap) throw revert('FeeOverCap', { fee, cap })
    row.status = 'settled'
    row.remaining -= charged
    row.resultsRoot = resultsRoot
    for (const { index, amount } of payouts) earnings.add(index, amount)
    credit.add(terms.aggregator, fee)
  }

  const refund: FakeEscrow['refund'] = (terms, now) => {
    const id = deriveOrderId(market, terms)
    const row = orders.get(id)
    if (row === undefined) throw revert('OrderUnknown', { orderId: id })
    if (row.status === 'refunded') throw revert('OrderClosed', { orderId: id })
    if (row.status === 'settled' && row.remaining === 0n) throw revert('NothingLeft', { orderId: id })
    if (row.status === 'funded' && now < terms.refundAt) throw revert('TooEarly', { opensAt: terms.refundAt })
    const amount = row.remaining
    row.remaining = 0n
    if (row.status === 'funded') row.status = 'refunded'
    try {
      token.transfer(market.escrow, terms.client, amount)
    } catch {
      // A token that refuses the client must not trap the order: the money waits as credit.
      credit.add(terms.client, amount)
    }
    return amount
  }

  return {
    order: (id) => viewOrder(orders.get(id)),
    resultsRootOf: (id) => orders.get(id)?.resultsRoot,
    earnings: earnings.of,
    credit: (owner) => credit.of(owner) + disputes.credit.of(owner),
    fund,
    settle,
    settleByClient,
    refund,
    sweep: (terms, by, now) =>
      sweepDeposit(token, market, terms, { by, now, unknown: !orders.has(deriveOrderId(market, terms)) }),
    withdrawEarnings(index) {
      const amount = earnings.of(index)
      if (amount === 0n) throw revert('NothingToWithdraw')
      token.transfer(market.escrow, stakes.payoutOf(index)!, amount)
      earnings.add(index, -amount)
      return amount
    },
    disputes,
    owed: () => ({
      escrow: [...orders.values()].reduce((sum, row) => sum + row.remaining, 0n) + earnings.total() + credit.total(),
      disputes: disputes.credit.total() + disputes.fund() + disputes.bonds(),
    }),
  }
}

function chargeable(
  row: OrderRow | undefined,
  { orderId, charged }: OrderCharge,
  batch: { readonly quorumId: number },
  now: UnixSeconds,
): OrderRow {
  if (row === undefined) throw revert('OrderUnknown', { orderId })
  if (row.status !== 'funded') throw revert('OrderClosed', { orderId, status: row.status })
  if (row.terms.quorumId !== batch.quorumId) throw revert('WrongQuorum', { orderId })
  if (now >= row.terms.settleBy) throw revert('TooLate', { closedAt: row.terms.settleBy })
  if (charged > row.remaining) throw revert('Overdraw', { orderId, have: row.remaining, want: charged })
  return row
}

const viewOrder = (row: OrderRow | undefined): ChainOrder =>
  row === undefined
    ? none
    : {
        status: row.status,
        remaining: usdc(row.remaining),
        settleBy: row.terms.settleBy,
        refundAt: row.terms.refundAt,
        quorumId: row.terms.quorumId === 0 ? undefined : row.terms.quorumId,
        feeBps: row.terms.feeBps,
      }

/** The digest a quorum signs for a batch. */
export const batchDigest = (market: ChainMarket, batch: SignedBatch): Hex =>
  deriveBatchDigest(market, {
    aggregator: batch.aggregator,
    quorumId: batch.quorumId,
    ordersHash: derivePackedHash(packOrders(batch.orders)),
    tabsHash: derivePackedHash(packTabs([])),
    payoutsHash: derivePackedHash(packPayouts(batch.payouts)),
    fee: batch.fee,
    resultsRoot: batch.resultsRoot,
  })

function requireAscending<T>(sorted: readonly T[], reason: string): void {
  if (new Set(sorted).size !== sorted.length) throw revert(reason)
}
