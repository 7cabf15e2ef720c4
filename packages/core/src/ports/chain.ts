import type {
  Address,
  BasisPoints,
  Hash32,
  Hex,
  MarketDomain,
  OperatorIndex,
  OrderId,
  OrderTerms,
  Payout,
  OrderCharge,
  QuorumId,
  QuorumMembers,
  SettlementProof,
  Settlement,
  Signature,
  SignedCommit,
  UnixSeconds,
  UsdcBase,
  Verdict,
} from '@assay/protocol'
import type { DisputeReader, DisputeWriter } from './disputes.ts'

/** What anyone can read: orders, operators, quorums, balances. Throws `rpc-unavailable`. */
export interface ChainReader extends DisputeReader {
  readonly market: ChainMarket
  /** Chain time of the newest block. */
  now(signal: AbortSignal): Promise<UnixSeconds>
  order(orderId: OrderId, signal: AbortSignal): Promise<ChainOrder>
  operator(address: Address, signal: AbortSignal): Promise<ChainOperator | undefined>
  quorum(id: QuorumId, signal: AbortSignal): Promise<QuorumMembers | undefined>
  usdcBalance(owner: Address, signal: AbortSignal): Promise<UsdcBase>
  /** Earnings of an operator that wait in the escrow's ledger. */
  earnings(index: OperatorIndex, signal: AbortSignal): Promise<UsdcBase>
  /** Fees, failed pushes and rewards that wait for `owner` in escrow and disputes. */
  credit(owner: Address, signal: AbortSignal): Promise<UsdcBase>
  /** The settlement transaction of an order, or `undefined` when there is none. */
  settlementOf(orderId: OrderId, signal: AbortSignal): Promise<SettlementProof | undefined>
  /** Whether a verdict of this attempt against `accused` is recorded, and whether it has slashed. */
  verdictStatus(verdict: Verdict, signal: AbortSignal): Promise<VerdictStatus>
}

/** Addresses of one market; read once at open and checked against the chain. */
export interface ChainMarket extends MarketDomain {
  readonly token: Address
  readonly tokenName: string
  readonly tokenVersion: string
  readonly stakes: Address
  readonly quorums: Address
  readonly disputes: Address
}

export interface ChainOrder {
  readonly status: 'none' | 'funded' | 'settled' | 'refunded'
  readonly remaining: UsdcBase
  readonly settleBy: UnixSeconds
  readonly refundAt: UnixSeconds
  readonly quorumId: QuorumId | undefined
  readonly feeBps: BasisPoints
}
export interface ChainOperator {
  readonly address: Address
  readonly index: OperatorIndex
  readonly payout: Address
  readonly provider: boolean
  readonly validator: boolean
  readonly aggregator: boolean
  /** Stake that can be seized now, unbonding included. */
  readonly stake: UsdcBase
  /** Part of it that is leaving. */
  readonly unbonding: UsdcBase
}
/** `appealed` waits for a ruling; `slashed` and `overturned` are final. */
export type VerdictStatus = 'none' | 'submitted' | 'appealed' | 'slashed' | 'overturned'

/**
 * Transactions of one hot key. Each is idempotent on chain; an implementation keeps the signed transaction durably
 * before it sends, and one owner of the nonce. Throws `transaction-reverted`, `transaction-unconfirmed`, `rpc-unavailable`
 * or the typed error of the revert reason.
 */
export interface ChainWriter extends DisputeWriter {
  readonly address: Address
  /** Takes what an earlier life of this key left open to its end. Absent where nothing outlives the process. */
  resume?(signal: AbortSignal): Promise<unknown>
  /** Escrows an order by the client's EIP-3009 authorisation. */
  fundWithAuthorization(terms: OrderTerms, authorization: FundingAuthorization, signal: AbortSignal): Promise<Sent>
  /** Escrows an order by what was transferred to its deposit address; a surplus goes back to the client. */
  fundFromDepositAddress(terms: OrderTerms, signal: AbortSignal): Promise<Sent>
  /** Sends the USDC at an order's deposit address to its client: by anyone once the order cannot take it, by the client any time. */
  sweepToClient(terms: OrderTerms, signal: AbortSignal): Promise<Sent>
  settle(batch: SignedBatch, signal: AbortSignal): Promise<Sent>
  /** Settles an order without a quorum on its client's own signature. */
  settleByClient(terms: OrderTerms, acceptance: SignedAcceptance, signal: AbortSignal): Promise<Sent>
  /** Anyone may: at or after `refundAt`, or the remainder once settled. */
  refund(terms: OrderTerms, signal: AbortSignal): Promise<Sent>
  /** Records a quorum's verdict; `finalizeVerdict` slashes after the appeal window. */
  submitVerdict(verdict: ProvenVerdict, signatures: readonly Signature[], signal: AbortSignal): Promise<Sent>
  finalizeVerdict(verdict: Verdict, signal: AbortSignal): Promise<Sent>
  /** Pays an operator's earnings to its payout address. */
  withdrawEarnings(index: OperatorIndex, signal: AbortSignal): Promise<Sent>
}
/** A verdict against a provider with what shows that the accused took part: the order and its own signed commit. */
export interface ProvenVerdict {
  readonly verdict: Verdict
  readonly terms: OrderTerms
  readonly commit: SignedCommit
}
export interface FundingAuthorization {
  readonly validAfter: UnixSeconds
  readonly validBefore: UnixSeconds
  readonly signature: Signature
}
export interface SignedBatch {
  readonly aggregator: Address
  readonly quorumId: QuorumId
  readonly orders: readonly OrderCharge[]
  readonly payouts: readonly Payout[]
  readonly fee: UsdcBase
  readonly resultsRoot: Hash32
  /** Any order; the adapter sorts by signer. */
  readonly signatures: Settlement['signatures']
}
/** What a client signed for an order that names no quorum. */
export interface SignedAcceptance {
  readonly payouts: readonly Payout[]
  readonly fee: UsdcBase
  readonly resultsRoot: Hash32
  readonly signature: Signature
}
/** A transaction that is in a block. */
export interface Sent {
  readonly transactionHash: Hex
  readonly blockNumber: number
  readonly gasUsed: number
}
