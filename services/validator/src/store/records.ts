/** What the store gives and takes: wire shapes already parsed, ids branded. */
import type { CertificateSubject, CertifiedProgram } from '@assay/core'
import type {
  Address,
  BeaconRound,
  BeaconValue,
  CertificateBody,
  BlobRef,
  BlobRoot,
  Commitment,
  DeterminismClass,
  Envelope,
  EpochLeaf,
  FaultProof,
  GateAnswer,
  Hash32,
  JobSpec,
  Opening,
  OrderId,
  OrderTerms,
  RevocationBody,
  ShardVerdict,
  SignedAuditCommit,
  SignedCommit,
  UnixMs,
  Verdict,
} from '@assay/protocol'

export interface OrderRow {
  readonly orderId: OrderId
  readonly terms: OrderTerms
  readonly spec: JobSpec
}

export interface ProposalRow {
  /** Digest of the proposal's envelope. */
  readonly digest: Hash32
  readonly proposal: Envelope
  readonly leaves: readonly EpochLeaf[]
  readonly seenRound: BeaconRound
  /** Whether it came before its seed; one that did not is kept to be audited, and binds nobody. */
  readonly acknowledged: boolean
  readonly refundAtMs: UnixMs
}

/** A commit as it stands in an epoch that is held. */
export interface HeldCommit {
  readonly proposal: Hash32
  readonly acknowledged: boolean
  readonly commit: SignedCommit
}

export interface AuditRow {
  readonly commitment: Commitment
  readonly round: number
  readonly orderId: OrderId
  readonly proposal: Hash32
  readonly beacon: BeaconValue
  readonly excluded: readonly Address[]
  /** Own result root and salt. */
  readonly opening: Opening
  /** Whether the result was shown. */
  readonly attested: boolean
  readonly atMs: UnixMs
}

export interface SettlementRow {
  readonly orderId: OrderId
  readonly content: Hash32
  readonly batch: Hash32
  readonly accepted: readonly Commitment[]
  readonly atMs: UnixMs
}

export interface VerdictRow {
  readonly commitment: Commitment
  readonly orderId: OrderId
  readonly content: Hash32
  readonly verdict: Verdict
  readonly atMs: UnixMs
}

/** Two statements that convict an operator, under the name of the fault on chain. */
export interface ProofRow {
  readonly verdictId: Hash32
  readonly proof: FaultProof
}

/** A verdict on a provider, by its name on chain. */
export interface ConvictionRow {
  readonly verdictId: Hash32
  readonly atMs: UnixMs
}

/** A verdict on another validator that was signed. */
export interface ValidatorVerdictRow extends VerdictRow {
  readonly accused: Address
}

/** A judged audit, as far as a provider's standing goes. */
export interface JudgedRow {
  readonly commitment: Commitment
  readonly orderId: OrderId
  readonly provider: Address
  readonly determinism: DeterminismClass
  readonly verdict: ShardVerdict
}

/** This validator's answer about a sample, and the certificate it signed on it. */
export interface GateRow {
  readonly orderId: OrderId
  readonly client: Address
  /** Who asked, and alone may ask on. */
  readonly aggregator: Address
  readonly subject: CertificateSubject
  readonly answer: GateAnswer
  readonly certificate: CertificateBody | undefined
  readonly atMs: UnixMs
}

/** A commit that its provider claims over its aggregator's head, or takes back. */
export interface ClaimRow {
  readonly commitment: Commitment
  readonly orderId: OrderId
  readonly provider: Address
  /** Who may fetch the sealed result. */
  readonly aggregator: Address
  readonly commit: SignedCommit
  /** The provider's signed word: a counter-commit, or a retraction. */
  readonly envelope: Envelope
  readonly sealed: BlobRef
  readonly retracted: boolean
  readonly refundAtMs: UnixMs
}

/** How much of each there is. */
export interface StoreCounts {
  readonly orders: number
  readonly epochs: number
  readonly audits: number
  readonly settlements: number
  readonly verdicts: number
}

/** Everything the validator must not forget. A write is durable when it returns, and all of it or none. */
export interface ValidatorStore {
  addOrder(order: OrderRow): void
  order(orderId: OrderId): OrderRow | undefined

  /** Adds an acknowledged epoch and the commits in it. */
  addProposal(row: ProposalRow): void
  proposal(digest: Hash32): ProposalRow | undefined
  /** Every acknowledged epoch that holds the commitment. */
  epochsOf(commitment: Commitment): readonly HeldCommit[]
  /** A commit of this attempt in an acknowledged epoch. */
  commitOf(attempt: Pick<SignedCommit, 'orderId' | 'shard' | 'attempt'>): HeldCommit | undefined
  /** Commitments of an order in acknowledged epochs, each once. */
  commitsOf(orderId: OrderId): readonly Commitment[]

  /** Adds an own result. Throws `state-conflict` when the seat has one. */
  addAudit(row: AuditRow): void
  auditsOf(commitment: Commitment): readonly AuditRow[]
  markAttested(audit: Pick<AuditRow, 'commitment' | 'round'>): void

  settlement(orderId: OrderId): SettlementRow | undefined
  verdictOn(commitment: Commitment): VerdictRow | undefined
  verdictsOf(orderId: OrderId): readonly VerdictRow[]
  /** Adds what is about to be signed, and counts its judged audits, each commitment once. */
  addSettlements(rows: readonly SettlementRow[], judged: readonly JudgedRow[]): void
  addVerdict(row: VerdictRow, judged: JudgedRow): void
  /** The verdict that was signed on a validator for its part in the audit of a commit. */
  validatorVerdict(commitment: Commitment, accused: Address): ValidatorVerdictRow | undefined
  addValidatorVerdict(row: ValidatorVerdictRow): void
  /** Verdicts on a provider that were signed, while they can still bind what it has open. */
  convictionsOf(provider: Address): readonly ConvictionRow[]
  /** k: audited passes in a row; 0 after any conviction. */
  passes(provider: Address, determinism: DeterminismClass): number

  gate(orderId: OrderId): GateRow | undefined
  /** Adds an own answer. Throws `state-conflict` when there is one. */
  addGate(row: GateRow): void
  /** Samples run since an instant: for a client, or for everybody. */
  countGates(since: UnixMs, client?: Address): number
  /** Notes what is about to be signed. Throws `state-conflict` when another certificate was. */
  signGate(orderId: OrderId, certificate: CertificateBody): void
  revocation(certificate: Hash32): RevocationBody | undefined
  /** Adds what is about to be signed, unless the certificate is revoked already. */
  addRevocation(body: RevocationBody, program: CertifiedProgram, atMs: UnixMs): void
  /** Whether any certificate of the program was revoked. */
  isProgramRevoked(program: CertifiedProgram): boolean
  /** Forgets answers and revocations from before an instant: their certificates have long expired. */
  forgetGatesBefore(instant: UnixMs): void
  /** Keeps the first audit commit of a seat that was shown, and gives the one that is kept. */
  keepAudit(orderId: OrderId, audit: SignedAuditCommit): SignedAuditCommit
  /** Keeps what convicts an operator by arithmetic unless its fault is known; returns whether it is new. */
  addProof(row: ProofRow, atMs: UnixMs): boolean
  /** Proofs that are not on chain yet, oldest first. */
  openProofs(): readonly ProofRow[]
  closeProof(verdictId: Hash32, state: 'proven' | 'late'): void
  /** Adds a claim unless there is one; a retraction takes the place of a counter-commit, never the other way round. */
  addClaim(row: ClaimRow): void
  claim(commitment: Commitment): ClaimRow | undefined
  claimsOf(orderId: OrderId): readonly ClaimRow[]
  /** A claim whose sealed result has this root. */
  claimBySealed(root: BlobRoot): ClaimRow | undefined
  /** Orders with claims that became refundable before `instant`. */
  claimedBefore(instant: UnixMs): readonly OrderId[]

  counts(): StoreCounts
  /** Forgets everything about orders that became refundable before `instant`; standing is kept. Returns how many orders. */
  forgetBefore(instant: UnixMs): number
  /** The next number of a named series, from 1: never the same twice, across restarts too. */
  next(name: string): number
}
