/** What the store gives and takes: wire shapes already parsed, ids branded. */
import type {
  Acceptance,
  Address,
  AttemptState,
  Audit,
  BeaconValue,
  Blame,
  BlobRef,
  Certificate,
  CertificateBody,
  Commitment,
  Envelope,
  EpochLeaf,
  ErrorBody,
  ErrorCode,
  Hash32,
  JobEvidence,
  JobOutcome,
  JobSpec,
  JobState,
  OrderId,
  OrderTerms,
  Ppm,
  PublicKey,
  QuorumId,
  BeaconRound,
  Revocation,
  Settlement,
  SettlementProof,
  ShardVerdict,
  Signature,
  SignedCommit,
  SubmitRequest,
  UnixMs,
  UsdcBase,
  Verdict,
} from '@assay/protocol'

export interface QuoteRow {
  readonly quoteId: Hash32
  readonly orderId: OrderId
  readonly terms: OrderTerms
  readonly spec: JobSpec
  readonly expiresAtMs: UnixMs
}

export interface JobRow {
  readonly orderId: OrderId
  readonly state: JobState
  readonly rev: number
  readonly outcome: JobOutcome | undefined
  readonly client: Address
  readonly terms: OrderTerms
  readonly spec: JobSpec
  readonly authorization: SubmitRequest['authorization']
  readonly cancelled: boolean
  readonly settlement: Settlement | undefined
  readonly proof: SettlementProof | undefined
  /** What the client of class DX signed, once it has. */
  readonly acceptance: Acceptance | undefined
  readonly chargedUsdc: UsdcBase | undefined
  readonly refundedUsdc: UsdcBase | undefined
  readonly createdAtMs: UnixMs
  readonly closedAtMs: UnixMs | undefined
}
export type JobPatch = Partial<
  Pick<
    JobRow,
    | 'state'
    | 'outcome'
    | 'cancelled'
    | 'settlement'
    | 'proof'
    | 'acceptance'
    | 'chargedUsdc'
    | 'refundedUsdc'
    | 'closedAtMs'
  >
> & { readonly evidence?: JobEvidence }

export interface AttemptKey {
  readonly orderId: OrderId
  readonly shard: number
  readonly attempt: number
}
export interface AttemptRow extends AttemptKey {
  readonly state: AttemptState
  readonly rev: number
  readonly provider: Address
  readonly publicKey: PublicKey
  readonly priceUsdc: UsdcBase
  readonly lease: Hash32
  readonly offer: Envelope
  readonly acceptance: Signature | undefined
  readonly commitByMs: UnixMs
  readonly commit: SignedCommit | undefined
  readonly sealed: BlobRef | undefined
  readonly epoch: Hash32 | undefined
  readonly mustAudit: boolean
  /** Proposals of its commit that found no quorum, although some member may have acknowledged them. */
  readonly failedProposals: number
  /** When the provider said that it runs, and how long that was until its commit, by this clock. */
  readonly executingAtMs: UnixMs | undefined
  readonly runMs: number | undefined
  readonly ratePpm: Ppm | undefined
  readonly verdict: ShardVerdict | undefined
  readonly code: ErrorCode | undefined
  readonly blame: Blame | undefined
  readonly detail: string | undefined
  readonly atMs: UnixMs
}
/** How long a committed run took, and whose it was. */
export interface RunTime {
  readonly provider: Address
  readonly runMs: number
}
/** An attempt as planning sees it. */
export type AttemptProgress = Pick<
  AttemptRow,
  'shard' | 'attempt' | 'provider' | 'state' | 'commitByMs' | 'verdict' | 'blame'
>
export type AttemptPatch = Partial<
  Pick<
    AttemptRow,
    | 'state'
    | 'acceptance'
    | 'commit'
    | 'sealed'
    | 'ratePpm'
    | 'verdict'
    | 'code'
    | 'blame'
    | 'detail'
    | 'atMs'
    | 'executingAtMs'
    | 'runMs'
  >
>

/** proposed → acknowledged → seeded; void when no quorum acknowledged it in time. */
export type EpochState = 'proposed' | 'acknowledged' | 'seeded' | 'void'
export interface EpochRow {
  readonly digest: Hash32
  readonly state: EpochState
  readonly quorumId: QuorumId
  readonly seedRound: BeaconRound
  readonly proposal: Envelope
  readonly leaves: readonly EpochLeaf[]
  readonly acks: readonly Envelope[]
  readonly beacon: BeaconValue | undefined
}

/** running until judged. */
export type AuditState = 'running' | 'judged'
export interface AuditRow extends AttemptKey {
  readonly commitment: Commitment
  readonly provider: Address
  readonly epoch: Hash32
  readonly state: AuditState
  readonly audit: Audit
  readonly unopened: boolean
  /** Challenged after the settlement: the verdict can slash, the attempt and its money stay as they are. */
  readonly late: boolean
  readonly verdict: ShardVerdict | undefined
}

/**
 * collecting signatures → submitted on chain → (appealable: its appeal window runs →) slashed, or overturned by an appeal.
 * unarmed: no certificate speaks of the job, so the conviction stands and costs no stake. dropped: a validator that was
 * said to be silent showed its result after all.
 */
export type VerdictState = 'collecting' | 'submitted' | 'appealable' | 'slashed' | 'unarmed' | 'overturned' | 'dropped'
export interface VerdictRow {
  readonly key: string
  readonly orderId: OrderId
  readonly accused: Address
  readonly commitment: Commitment
  readonly state: VerdictState
  readonly verdict: Verdict
  readonly signatures: readonly Signature[]
  /** Nothing is done about it before. */
  readonly dueAtMs: UnixMs
}
/** Name of a stored bundle, and the verdict that it holds. */
export interface BundleRow {
  readonly id: Hash32
  readonly verdictKey: string
  readonly orderId: OrderId
}

/** running until certified or refused. */
export type CertificationState = 'running' | 'certified' | 'refused'
export interface CertificationRow {
  readonly orderId: OrderId
  readonly state: CertificationState
  readonly terms: OrderTerms
  readonly spec: JobSpec
  /** The client's own signed request, for the validators. */
  readonly request: Envelope
  /** Promises and answers of members, one each. */
  readonly commits: readonly Envelope[]
  readonly answers: readonly Envelope[]
  /** What is to be signed; written before anybody is asked to. */
  readonly body: CertificateBody | undefined
  /** Why it was refused. */
  readonly error: ErrorBody | undefined
  readonly deadlineMs: UnixMs
  readonly atMs: UnixMs
}
export type CertificationPatch = Partial<Pick<CertificationRow, 'state' | 'commits' | 'answers' | 'body' | 'error'>>

export interface CertificateRow {
  readonly id: Hash32
  readonly certificate: Certificate
  /** The audit that found no reproducible result: from then on it arms nothing here. */
  readonly contradictedBy: Commitment | undefined
  /** Once a threshold has signed it. */
  readonly revocation: Revocation | undefined
}
