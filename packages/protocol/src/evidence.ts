/**
 * Everything about a job that a third party needs to judge it. Validators judge it before they sign a settlement;
 * with the settlement and the client's openings added it is the receipt.
 */
import { z } from 'zod'
import { encodeWords } from './abi-words.ts'
import { BeaconInfo, BeaconValue } from './beacon.ts'
import { encodeCanonicalBytes, hexToBytes, keccakText } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import { Envelope, toJson } from './envelope.ts'
import { Epoch } from './epoch.ts'
import { errorCodes } from './error-table.ts'
import { blames } from './blame.ts'
import { JobSpec } from './job-spec.ts'
import { limits } from './limits.ts'
import { merkleLeaf, merkleRoot } from './merkle.ts'
import {
  addressSchema,
  attemptSchema,
  hash32Schema,
  hashSchema,
  operatorIndexSchema,
  quorumIdSchema,
  shardSchema,
  signatureSchema,
  unixMsSchema,
  usdcSchema,
} from './schema.ts'
import { MarketDomain, Opening, OrderTerms, SignedAttestation, SignedAuditCommit } from './typed-data.ts'
import {
  asHash,
  type Address,
  type BasisPoints,
  type Commitment,
  type Hash32,
  type OrderId,
  type Signature,
  type UsdcBase,
} from './units.ts'

/** One round of an audit: 0 is a single blind re-run, 1 the panel of three. */
export const AuditRound = z.strictObject({
  commits: z.array(SignedAuditCommit).max(16),
  attestations: z.array(SignedAttestation).max(16),
  /** Class D3 alone: what each seat says of the other results, as `agreement/1`. */
  agreements: z.array(Envelope).max(16).optional(),
})
export type AuditRound = z.infer<typeof AuditRound>

/** Why a commit was audited: drawn, re-audited after a conviction of its provider, or challenged by the client. */
export const AuditReason = z.enum(['sampled', 'contagion', 'challenged'])
export type AuditReason = z.infer<typeof AuditReason>

/** `challenge/1` envelopes of the client, oldest first; absent when there is none. */
export const Challenges = z.array(Envelope).min(1).max(limits.challengesPerAudit)

/** The audit of one commitment. */
export const Audit = z.strictObject({
  commitment: hashSchema<Commitment>(),
  reason: AuditReason,
  /** Absent when the provider did not open, which convicts it. */
  opening: Opening.optional(),
  rounds: z.array(AuditRound).min(1).max(5),
  challenges: Challenges.optional(),
})
export type Audit = z.infer<typeof Audit>

/** What was decided about one commit. */
export const ShardVerdict = z.enum([
  'unsampled',
  'passed',
  'provider-right',
  'provider-fault',
  'both-wrong',
  'nondeterministic',
])
export type ShardVerdict = z.infer<typeof ShardVerdict>

/** A try that never became a commit, for the record. */
export const FailedAttempt = z.strictObject({
  shard: shardSchema,
  attempt: attemptSchema,
  provider: addressSchema,
  code: z.enum(errorCodes),
  blame: z.enum(blames),
  atMs: unixMsSchema,
})
export type FailedAttempt = z.infer<typeof FailedAttempt>

/** An epoch of the job with the value of its seed round; leaves of other jobs included, for the root covers them. */
export const SeededEpoch = Epoch.extend({ beacon: BeaconValue })
export type SeededEpoch = z.infer<typeof SeededEpoch>

/** An operator's number in the stake registry: payouts name numbers, not addresses. */
export const OperatorEntry = z.strictObject({ address: addressSchema, index: operatorIndexSchema })
export type OperatorEntry = z.infer<typeof OperatorEntry>

export const QuorumMembers = z.strictObject({
  id: quorumIdSchema,
  threshold: z.int().min(1).max(limits.quorumMembers),
  members: z.array(addressSchema).min(1).max(limits.quorumMembers),
})
export type QuorumMembers = z.infer<typeof QuorumMembers>

export const JobEvidence = z.strictObject({
  v: z.literal(1),
  market: MarketDomain,
  terms: OrderTerms,
  spec: JobSpec,
  quorum: QuorumMembers,
  beacon: BeaconInfo,
  epochs: z.array(SeededEpoch).max(64),
  audits: z.array(Audit).max(limits.shardsPerJob * limits.attemptsPerShard),
  failures: z.array(FailedAttempt).max(limits.shardsPerJob * limits.attemptsPerShard),
  operators: z.array(OperatorEntry).max(4096),
})
export type JobEvidence = z.infer<typeof JobEvidence>

/** One order's debit in a batch. */
export const OrderCharge = z.strictObject({ orderId: hashSchema<OrderId>(), charged: usdcSchema })
export type OrderCharge = z.infer<typeof OrderCharge>
/** One operator's credit in a batch. */
export const Payout = z.strictObject({ index: operatorIndexSchema, amount: usdcSchema })
export type Payout = z.infer<typeof Payout>

/** A settlement as signed by the quorum and carried out on chain. */
export const Settlement = z.strictObject({
  orders: z.array(OrderCharge).min(1).max(4096),
  payouts: z.array(Payout).max(4096),
  fee: usdcSchema,
  resultsRoot: hash32Schema,
  signatures: z.array(signatureSchema).min(1).max(limits.quorumMembers),
})
export type Settlement = z.infer<typeof Settlement>

/** Where a settlement is on chain. */
export const SettlementProof = z.strictObject({
  transactionHash: hash32Schema,
  blockNumber: z.int().min(0),
  gasUsed: z.int().min(0),
})
export type SettlementProof = z.infer<typeof SettlementProof>

/** Opening of an accepted shard, added by the client that unsealed it. */
export const ShardOpening = Opening.extend({ shard: shardSchema, attempt: attemptSchema })
export type ShardOpening = z.infer<typeof ShardOpening>

/** Judged offline by `verifyReceipt`. */
export const Receipt = z.strictObject({
  v: z.literal(1),
  evidence: JobEvidence,
  settlement: Settlement,
  proof: SettlementProof.optional(),
  openings: z.array(ShardOpening).max(limits.shardsPerJob),
  /** Names of the bundles of verdicts in the job, for whoever wants to judge them too; no money follows from them here. */
  verdicts: z.array(hash32Schema).max(limits.shardsPerJob).optional(),
})
export type Receipt = z.infer<typeof Receipt>

/** The final word on a shard, as it enters the results root. */
export interface ShardResult {
  readonly orderId: OrderId
  readonly shard: number
  readonly attempt: number
  readonly provider: `0x${string}`
  readonly commitment: Commitment
}

/** Root over the accepted shards of a batch, sorted by order id and shard; all zeros when none was accepted. */
export function deriveResultsRoot(results: readonly ShardResult[]): Hash32 {
  if (results.length === 0) return asHash(`0x${'00'.repeat(32)}`)
  const sorted = results.toSorted((a, b) =>
    a.orderId === b.orderId ? a.shard - b.shard : a.orderId < b.orderId ? -1 : 1,
  )
  return merkleRoot(
    sorted.map(({ orderId, shard, attempt, provider, commitment }) =>
      merkleLeaf(encodeWords([resultTag, orderId, shard, attempt, provider, commitment])),
    ),
  )
}

/** 40 bytes an order: `bytes32 orderId ‖ uint64 charged`, sorted by order id. */
export const packOrders = (orders: readonly OrderCharge[]): `0x${string}` =>
  `0x${orders
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map(({ orderId, charged }) => orderId.slice(2) + charged.toString(16).padStart(16, '0'))
    .join('')}`

/** One drawn tab of a batch: the client's voucher, and the total it is drawn to. */
export interface TabDraw {
  readonly client: Address
  readonly ceiling: UsdcBase
  readonly spentAfter: UsdcBase
  readonly feeBps: BasisPoints
  /** The client's, of the voucher: 65 bytes (r, s, v). */
  readonly signature: Signature
}

/** 103 bytes a tab: `address client ‖ uint64 ceiling ‖ uint64 spentAfter ‖ uint16 feeBps ‖ signature`, sorted by client. */
export const packTabs = (tabs: readonly TabDraw[]): `0x${string}` =>
  `0x${tabs
    .toSorted((a, b) => (a.client.toLowerCase() < b.client.toLowerCase() ? -1 : 1))
    .map(({ client, ceiling, spentAfter, feeBps, signature }) =>
      [
        client.slice(2).toLowerCase(),
        ceiling.toString(16).padStart(16, '0'),
        spentAfter.toString(16).padStart(16, '0'),
        feeBps.toString(16).padStart(4, '0'),
        signature.slice(2),
      ].join(''),
    )
    .join('')}`

/** 12 bytes a payout: `uint32 index ‖ uint64 amount`, sorted by index. */
export const packPayouts = (payouts: readonly Payout[]): `0x${string}` =>
  `0x${payouts
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, amount }) => index.toString(16).padStart(8, '0') + amount.toString(16).padStart(16, '0'))
    .join('')}`

/** keccak256 of packed records. */
export const derivePackedHash = (packed: `0x${string}`): Hash32 => asHash(keccakHex(hexToBytes(packed)))

/** Hash of an audit as evidence of a verdict. */
export const deriveEvidenceHash = (audit: Audit): Hash32 => asHash(keccakHex(encodeCanonicalBytes(toJson(audit))))

const resultTag = keccakText('assay/result/1')
