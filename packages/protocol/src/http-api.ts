/** What clients say to an aggregator over HTTP. JSON bodies; errors are an `ErrorBody` with the status of its code. */
import { z } from 'zod'
import { BeaconInfo } from './beacon.ts'
import { blames } from './blame.ts'
import { Certificate, DeterminismGrade, Revocation } from './certificate.ts'
import { ErrorBody } from './errors.ts'
import { GateDifference } from './gate-answer.ts'
import { Envelope } from './envelope.ts'
import { errorCodes } from './error-table.ts'
import { OperatorEntry, Payout, ShardVerdict } from './evidence.ts'
import { JobSpec } from './job-spec.ts'
import { limits } from './limits.ts'
import {
  addressSchema,
  attemptSchema,
  basisPointsSchema,
  byteCountSchema,
  durationMsSchema,
  hash32Schema,
  hashSchema,
  ppmSchema,
  publicKeySchema,
  quorumIdSchema,
  shardSchema,
  signatureSchema,
  unixMsSchema,
  unixSecondsSchema,
  usdcSchema,
} from './schema.ts'
import { MarketDomain, OrderTerms, SignedCommit } from './typed-data.ts'
import type { BlobRoot, OrderId } from './units.ts'

const orderId = hashSchema<OrderId>()

/** `GET /v1/market`. */
export const MarketInfo = z.strictObject({
  ...MarketDomain.shape,
  token: addressSchema,
  tokenName: z.string().max(64),
  tokenVersion: z.string().max(16),
  stakes: addressSchema,
  quorums: addressSchema,
  disputes: addressSchema,
  aggregator: addressSchema,
  publicKey: publicKeySchema,
  quorumId: quorumIdSchema,
  feeBps: basisPointsSchema,
  beacon: BeaconInfo,
  /** Suggested price per shard and fee per audit. */
  priceUsdc: usdcSchema,
  auditFeeUsdc: usdcSchema,
  providersSeen: z.int().min(0),
  validatorsSeen: z.int().min(0),
})
export type MarketInfo = z.infer<typeof MarketInfo>

/** What the aggregator knows of a certificate for a quoted job's image, template and class. */
export const CertificateStatus = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('certified'), id: hash32Schema, expiresAtMs: unixMsSchema }),
  /** Runs, is audited and settled, but a wrong result costs nobody its stake. */
  z.strictObject({ state: z.literal('none') }),
  /** An audit found the program not reproducible. */
  z.strictObject({ state: z.literal('revoked'), id: hash32Schema }),
])
export type CertificateStatus = z.infer<typeof CertificateStatus>

/** `GET /v1/certificates/:id`, and each entry of `GET /v1/certificates?image=..&template=..`. */
export const PublishedCertificate = z.strictObject({
  id: hash32Schema,
  certificate: Certificate,
  revocation: Revocation.optional(),
})
export type PublishedCertificate = z.infer<typeof PublishedCertificate>

/** What one validator found, once it has shown it. */
export const GateFinding = z.strictObject({
  validator: addressSchema,
  grade: DeterminismGrade,
  differences: z.array(GateDifference).max(limits.gateDifferences),
})
export type GateFinding = z.infer<typeof GateFinding>

/** `POST` and `GET /v1/quotes/:quoteId/certify`. */
export const CertificationView = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('running'), promised: z.int().min(0), answered: z.int().min(0) }),
  z.strictObject({ state: z.literal('certified'), id: hash32Schema, certificate: Certificate }),
  z.strictObject({
    state: z.literal('refused'),
    error: ErrorBody,
    findings: z.array(GateFinding).max(limits.quorumMembers),
  }),
])
export type CertificationView = z.infer<typeof CertificationView>

/** `POST /v1/quotes`: body `{spec}`. */
export const QuoteRequest = z.strictObject({
  spec: JobSpec,
  /** The quorum that is to judge the job; default the aggregator's. Another one than it serves is refused. */
  quorumId: quorumIdSchema.optional(),
})
export type QuoteRequest = z.infer<typeof QuoteRequest>
export const Quote = z.strictObject({
  quoteId: hash32Schema,
  terms: OrderTerms,
  orderId,
  /** Most the job can cost: shards, audits and fee; what is not spent comes back. */
  maxUsdc: usdcSchema,
  shardsUsdc: usdcSchema,
  auditBudgetUsdc: usdcSchema,
  feeUsdc: usdcSchema,
  /** Lowest and highest audit rate among the providers that could serve the job, newcomers included. */
  auditRateMinPpm: ppmSchema,
  auditRateMaxPpm: ppmSchema,
  /** Least stake among those providers, and all of it together. */
  stakeUsdc: usdcSchema,
  stakeTotalUsdc: usdcSchema,
  providers: z.int().min(0),
  /** Whether a wrong result of this job can cost stake. */
  certificate: CertificateStatus,
  /** Those providers by stake and audit rate, ascending; with more groups than fit, the outer ones. */
  bands: z
    .array(z.strictObject({ stakeUsdc: usdcSchema, ratePpm: ppmSchema, providers: z.int().min(1) }))
    .max(limits.quoteBands),
  /** Time that the shards need on the free slots when nothing is tried again. */
  runMs: durationMsSchema,
  /** Who judges: members and threshold of the quorum, and the stake of those members that are online; absent for class DX. */
  quorum: z
    .strictObject({
      id: quorumIdSchema,
      threshold: z.int().min(1).max(limits.quorumMembers),
      members: z.int().min(1).max(limits.quorumMembers),
      stakeUsdc: usdcSchema,
    })
    .optional(),
  /** Blobs that the aggregator does not hold yet: `PUT /v1/quotes/:quoteId/blobs/:root`. */
  missing: z.array(z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema })),
  expiresAtMs: unixMsSchema,
})
export type Quote = z.infer<typeof Quote>

/** `POST /v1/jobs`: funds and starts a quoted job. The authorisation lets the aggregator send the funding transaction. */
export const SubmitRequest = z.strictObject({
  quoteId: hash32Schema,
  terms: OrderTerms,
  /** EIP-3009 `receiveWithAuthorization` to the escrow with nonce = order id; absent when the order is funded
   * already, or when its amount was transferred to its deposit address. */
  authorization: z
    .strictObject({ validAfter: unixSecondsSchema, validBefore: unixSecondsSchema, signature: signatureSchema })
    .optional(),
})
export type SubmitRequest = z.infer<typeof SubmitRequest>

/** `GET /v1/jobs/:orderId/acceptance`, for class DX: whom an acceptance would pay, by operator number. */
export const AcceptanceOffer = z.strictObject({ orderId, operators: z.array(OperatorEntry).max(4096) })
export type AcceptanceOffer = z.infer<typeof AcceptanceOffer>

/** `POST /v1/jobs/:orderId/acceptance`: the client's `ClientAcceptance`, and the shards that it is about. */
export const Acceptance = z.strictObject({
  shards: z.array(shardSchema).min(1).max(limits.shardsPerJob),
  payouts: z.array(Payout).min(1).max(limits.shardsPerJob),
  fee: usdcSchema,
  resultsRoot: hash32Schema,
  signature: signatureSchema,
})
export type Acceptance = z.infer<typeof Acceptance>

export const JobState = z.enum(['funding', 'running', 'settling', 'closed'])
export type JobState = z.infer<typeof JobState>
/** How a closed job ended. */
export const JobOutcome = z.enum(['settled', 'partial', 'refunded', 'cancelled'])
export type JobOutcome = z.infer<typeof JobOutcome>
export const AttemptState = z.enum([
  'offered',
  'leased',
  'preparing',
  'executing',
  'committed',
  'auditing',
  'disputed',
  'accepted',
  'rejected',
  'expired',
])
export type AttemptState = z.infer<typeof AttemptState>

export const AttemptView = z.strictObject({
  shard: shardSchema,
  attempt: attemptSchema,
  provider: addressSchema,
  state: AttemptState,
  /** Why it failed, when it did. */
  code: z.enum(errorCodes).optional(),
  blame: z.enum(blames).optional(),
  detail: z.string().max(2000).optional(),
  ratePpm: ppmSchema.optional(),
  auditors: z.array(addressSchema).max(16).optional(),
  verdict: ShardVerdict.optional(),
  sealed: z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema }).optional(),
  commit: SignedCommit.optional(),
  atMs: unixMsSchema,
})
export type AttemptView = z.infer<typeof AttemptView>

/** A verdict that a quorum signed in a job; `GET /v1/verdicts/:id` gives everything to judge it again. */
export const VerdictView = z.strictObject({
  /** Name of its newest bundle: SHA-256 of the bundle's canonical JSON. */
  id: hash32Schema,
  shard: shardSchema,
  attempt: attemptSchema,
  accused: addressSchema,
  /** 1 provider fault, 2 validator fault. */
  outcome: z.union([z.literal(1), z.literal(2)]),
  slashUsdc: usdcSchema,
  state: z.enum(['submitted', 'slashed', 'overturned']),
})
export type VerdictView = z.infer<typeof VerdictView>

/** `GET /v1/jobs/:orderId`. */
export const JobView = z.strictObject({
  orderId,
  state: JobState,
  outcome: JobOutcome.optional(),
  terms: OrderTerms,
  shards: z.int().min(1).max(limits.shardsPerJob),
  accepted: z.int().min(0),
  failed: z.int().min(0),
  audited: z.int().min(0),
  convicted: z.array(addressSchema),
  slashedUsdc: usdcSchema,
  chargedUsdc: usdcSchema.optional(),
  refundedUsdc: usdcSchema.optional(),
  attempts: z.array(AttemptView),
  /** Signed verdicts on providers and validators of the job; absent when there are none. */
  verdicts: z.array(VerdictView).optional(),
  createdAtMs: unixMsSchema,
  closedAtMs: unixMsSchema.optional(),
})
export type JobView = z.infer<typeof JobView>

/** One line of `GET /v1/jobs/:orderId/events` (server-sent events; `id` is `seq`, so `Last-Event-ID` resumes). */
export const JobEvent = z.strictObject({
  seq: z.int().min(1),
  atMs: unixMsSchema,
  type: z.enum([
    'job.funded',
    'job.running',
    'attempt.leased',
    'attempt.executing',
    'attempt.committed',
    'attempt.failed',
    'epoch.closed',
    'epoch.seeded',
    'audit.started',
    'audit.passed',
    'audit.mismatched',
    'provider.convicted',
    'shard.verified',
    'shard.failed',
    'job.settling',
    'job.settled',
    'job.refunded',
    'job.closed',
  ]),
  shard: shardSchema.optional(),
  attempt: attemptSchema.optional(),
  provider: addressSchema.optional(),
  code: z.enum(errorCodes).optional(),
  blame: z.enum(blames).optional(),
  /** Numbers and ids worth showing, as text. */
  note: z.string().max(500).optional(),
})
export type JobEvent = z.infer<typeof JobEvent>

/** `POST /v1/jobs/:orderId/challenges`: a `challenge/1` envelope signed by the job's client. */
export const ChallengeRequest = z.strictObject({ challenge: Envelope })

/** Body of a `request/1` envelope in the header `Assay-Request` of calls that change a job or list a client's jobs. */
export const SignedRequest = z.strictObject({
  ...MarketDomain.shape,
  method: z.enum(['GET', 'POST', 'DELETE']),
  path: z.string().max(256),
  /** At most 60 s from the aggregator's clock. */
  atMs: unixMsSchema,
})
export type SignedRequest = z.infer<typeof SignedRequest>
export const requestHeader = 'Assay-Request'
