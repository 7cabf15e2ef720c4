import type {
  Address,
  Hash32,
  Opening,
  OrderId,
  OrderTerms,
  QuorumId,
  QuorumMembers,
  Ruling,
  Seat,
  Signature,
  SignedAuditCommit,
  SignedCommit,
  UnixSeconds,
  UsdcBase,
  Verdict,
} from '@assay/protocol'
import type { Sent, SignedBatch, VerdictStatus } from './chain.ts'

/** What anyone can read about faults. Throws `rpc-unavailable`. */
export interface DisputeReader {
  /** The record of a fault; `undefined` when there is none. */
  verdictRecord(verdictId: Hash32, signal: AbortSignal): Promise<ChainVerdict | undefined>
  /** Every fault of an operator that was ever recorded, oldest first, as each stands now. */
  faultsOf(accused: Address, signal: AbortSignal): Promise<readonly ChainFault[]>
  /** The quorum that hears appeals against verdicts of `id`. */
  appealQuorumOf(id: QuorumId, signal: AbortSignal): Promise<QuorumId | undefined>
  /** One appeal of a verdict, from 1, with its bench as it was at its block; `undefined` when there was none. */
  appealOf(verdictId: Hash32, round: number, signal: AbortSignal): Promise<ChainAppeal | undefined>
}

/** A fault as it is recorded. */
export interface ChainVerdict {
  readonly status: VerdictStatus
  /** As `verdictOutcomes`. */
  readonly outcome: number
  readonly accused: Address
  /** What stands now. */
  readonly guilty: boolean
  /** Appeals so far. */
  readonly round: number
  /** End of the present step; from then on anyone may finalise. */
  readonly closesAt: UnixSeconds
  readonly slash: UsdcBase
  /** How much of it was asked of the stake so far. */
  readonly collected: UsdcBase
  /** Who judges next, or judged last. */
  readonly benchId: QuorumId
}
export interface ChainFault {
  readonly verdictId: Hash32
  readonly orderId: OrderId
  readonly outcome: number
  readonly status: VerdictStatus
  /** What stands now. */
  readonly guilty: boolean
  /** Chain time at which it was recorded. */
  readonly recordedAt: UnixSeconds
}
export interface ChainAppeal {
  readonly appellant: Address
  readonly bench: QuorumMembers
  /** Every member with its stake at the block of the appeal, ascending by address. */
  readonly seats: readonly Seat[]
  readonly ruleBy: UnixSeconds
}

/** What a hot key does about faults; see `ChainWriter`. Each is one effect, however often it is asked for. */
export interface DisputeWriter {
  /** Records a quorum's verdict on a validator. */
  submitValidatorVerdict(
    verdict: ProvenValidatorVerdict,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<Sent>
  /** Appeals what stands; the bond is approved and taken from this key's balance. */
  appealVerdict(verdict: Verdict, signal: AbortSignal): Promise<Sent>
  /** Records what the quorum of appeal signed. */
  submitRuling(ruling: Ruling, signatures: readonly Signature[], signal: AbortSignal): Promise<Sent>
  /** Convicts a provider of two commits to one attempt. */
  proveEquivocation(proof: EquivocationProof, signal: AbortSignal): Promise<Sent>
  /** Convicts a validator of two answers in one blind round. */
  proveConflictingAudits(proof: ConflictingAuditsProof, signal: AbortSignal): Promise<Sent>
  /** Convicts a quorum member of two settlements of one order. */
  proveConflictingBatches(proof: ConflictingBatchesProof, signal: AbortSignal): Promise<Sent>
}
/** A verdict against a validator with what shows that it took part: its audit commit, and the opening that ties it to the attempt. */
export interface ProvenValidatorVerdict {
  readonly verdict: Verdict
  readonly terms: OrderTerms
  readonly provider: Address
  /** Opens the provider's commitment. */
  readonly opening: Opening
  /** The accused's own. */
  readonly audit: SignedAuditCommit
}
export interface EquivocationProof {
  readonly terms: OrderTerms
  /** Of one attempt of the order, by one provider; another commitment in each. */
  readonly first: SignedCommit
  readonly second: SignedCommit
  /** Who earns the detector's share. */
  readonly reporter: Address
}
export interface ConflictingAuditsProof {
  readonly terms: OrderTerms
  /** The audited commit, and what opens it. */
  readonly commit: SignedCommit
  readonly opening: Opening
  /** By one validator, of this commitment and one round; another audit commitment in each. */
  readonly first: SignedAuditCommit
  readonly second: SignedAuditCommit
  readonly reporter: Address
}
export interface ConflictingBatchesProof {
  readonly terms: OrderTerms
  readonly validator: Address
  /** Each settles the order of the terms and carries the validator's signature alone. */
  readonly first: SignedBatch
  readonly second: SignedBatch
  readonly reporter: Address
}
