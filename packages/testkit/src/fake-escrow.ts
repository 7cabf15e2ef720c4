/** Orders, the operators' ledger and verdicts of a fake chain: the rules of `Escrow` and `Disputes`. */
import type {
  ChainMarket,
  ChainOrder,
  FundingAuthorization,
  ProvenVerdict,
  SignedBatch,
  VerdictStatus,
} from '@assay/core'
import {
  basisPoints,
  deriveBatchDigest,
  deriveCommitDigest,
  deriveOrderId,
  derivePackedHash,
  deriveVerdictDigest,
  packOrders,
  packPayouts,
  packTabs,
  portionDown,
  recoverSigner,
  sumUsdc,
  unixSeconds,
  usdc,
  verdictOutcomes,
  type Address,
  type Hash32,
  type Hex,
  type OperatorIndex,
  type OrderCharge,
  type OrderId,
  type OrderTerms,
  type Signature,
  type UnixSeconds,
  type Verdict,
} from '@assay/protocol'
import { sweepDeposit, takeDeposit } from './fake-deposits.ts'
import { revert } from './fake-revert.ts'
import type { FakeStakes } from './fake-stakes.ts'
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
  refund(terms: OrderTerms, now: UnixSeconds): bigint
  withdrawEarnings(index: OperatorIndex): bigint
  verdictStatus(verdict: Verdict): VerdictStatus
  submitVerdict(proven: ProvenVerdict, signatures: readonly Signature[], now: UnixSeconds): void
  /** Slashes and shares out: 40 % to the detector, 10 % to the client, the rest to a fund nobody can take from. */
  finalizeVerdict(verdict: Verdict, now: UnixSeconds): bigint
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
/** `Disputes.SLASH_MULTIPLE`. */
const slashMultiple = 300n
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
  const verdicts = createFakeDisputes(market, token, stakes, { ...options, isFunded: (id) => orders.has(id) })

  const fund: FakeEscrow['fund'] = (terms, payment, now) => {
    const id = deriveOrderId(market, terms)
    if (orders.has(id)) throw revert('OrderExists', { orderId: id })
    if (terms.maxAmount === 0n) throw revert('ZeroAmount')
    if (now >= terms.settleBy) throw revert('TooLate', { closedAt: terms.settleBy })
    if (terms.settleBy > terms.refundAt) throw revert('RefundBeforeSettle')
    if (terms.refundAt > now + maxRefundDelay) throw revert('RefundTooLate')
    if (terms.feeBps > 500) throw revert('FeeBpsOverCap')
    if (stakes.quorum(terms.quorumId) === undefined) throw revert('QuorumUnknown', { id: terms.quorumId })
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
    credit: (owner) => credit.of(owner) + verdicts.credit.of(owner),
    fund,
    settle,
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
    verdictStatus: verdicts.status,
    submitVerdict: verdicts.submit,
    finalizeVerdict: verdicts.finalize,
    owed: () => ({
      escrow: [...orders.values()].reduce((sum, row) => sum + row.remaining, 0n) + earnings.total() + credit.total(),
      disputes: verdicts.credit.total() + verdicts.fund(),
    }),
  }
}

function chargeable(
  row: OrderRow | undefined,
  { orderId, charged }: OrderCharge,
  batch: SignedBatch,
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
        quorumId: row.terms.quorumId,
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

interface Tally<K> {
  of(key: K): bigint
  add(key: K, amount: bigint): void
  total(): bigint
}

function createTally<K>(): Tally<K> {
  const amounts = new Map<K, bigint>()
  return {
    of: (key) => amounts.get(key) ?? 0n,
    add: (key, amount) => void amounts.set(key, (amounts.get(key) ?? 0n) + amount),
    total: () => [...amounts.values()].reduce((sum, amount) => sum + amount, 0n),
  }
}

/** The accused's own signed commit, for this attempt of this order. */
function isInvolved(market: ChainMarket, { verdict, commit }: ProvenVerdict): boolean {
  const { orderId, shard, attempt, accused } = verdict
  const digest = deriveCommitDigest(market, { ...commit, orderId, shard, attempt, provider: accused })
  return recoverSigner(digest, commit.signature) === accused
}

interface FakeDisputes {
  readonly credit: Tally<Address>
  fund(): bigint
  status(verdict: Verdict): VerdictStatus
  submit(proven: ProvenVerdict, signatures: readonly Signature[], now: UnixSeconds): void
  finalize(verdict: Verdict, now: UnixSeconds): bigint
}

function createFakeDisputes(
  market: ChainMarket,
  token: FakeToken,
  stakes: FakeStakes,
  options: FakeEscrowOptions & { readonly isFunded: (id: OrderId) => boolean },
): FakeDisputes {
  const records = new Map<
    string,
    { readonly verdict: Verdict; readonly client: Address; readonly finalizeAt: number; final: boolean }
  >()
  const credit = createTally<Address>()
  let fund = 0n
  const idOf = (verdict: Verdict): string => `${verdict.orderId}/${verdict.shard}/${verdict.attempt}/${verdict.accused}`
  return {
    credit,
    fund: () => fund,
    status(verdict) {
      const record = records.get(idOf(verdict))
      if (record === undefined) return 'none'
      return record.final ? 'slashed' : 'submitted'
    },
    submit(proven, signatures, now) {
      const { verdict, terms } = proven
      if (verdict.outcome !== verdictOutcomes.providerFault) throw revert('BadOutcome')
      if (!isInvolved(market, proven)) throw revert('NotInvolved', { accused: verdict.accused })
      if (verdict.slash === 0n) throw revert('ZeroSlash')
      if (verdict.slash > slashMultiple * terms.maxAmount) throw revert('SlashOverCap')
      if (verdict.detector === verdict.accused) throw revert('DetectorIsAccused')
      if (stakes.operator(verdict.accused) === undefined) throw revert('NotOperator')
      if (deriveOrderId(market, terms) !== verdict.orderId) throw revert('WrongOrder')
      if (terms.quorumId !== verdict.quorumId) throw revert('WrongQuorum')
      if (!options.isFunded(verdict.orderId)) throw revert('OrderUnknown')
      if (records.has(idOf(verdict))) throw revert('VerdictExists')
      stakes.verify(verdict.quorumId, deriveVerdictDigest(market, verdict), signatures)
      records.set(idOf(verdict), {
        verdict,
        client: terms.client,
        finalizeAt: now + options.appealWindow,
        final: false,
      })
    },
    finalize(verdict, now) {
      const record = records.get(idOf(verdict))
      if (record === undefined) throw revert('VerdictUnknown')
      if (record.final) throw revert('VerdictClosed')
      if (now < record.finalizeAt) throw revert('TooEarly', { opensAt: record.finalizeAt })
      const taken = stakes.slash(record.verdict.accused, record.verdict.slash, market.disputes)
      record.final = true
      const toDetector = portionDown(usdc(taken), basisPoints(4000))
      const toClient = portionDown(usdc(taken), basisPoints(1000))
      credit.add(record.verdict.detector, toDetector)
      credit.add(record.client, toClient)
      fund += taken - toDetector - toClient
      return taken
    },
  }
}
