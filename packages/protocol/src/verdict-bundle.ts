/** Everything that a third party needs to judge one verdict again, offline: content-addressed by its canonical bytes. */
import { z } from 'zod'
import { BeaconInfo } from './beacon.ts'
import { encodeCanonicalBytes, sha256Hex } from './canonical.ts'
import { toJson } from './envelope.ts'
import { Seat } from './epoch.ts'
import { Audit, deriveEvidenceHash, QuorumMembers, SeededEpoch } from './evidence.ts'
import { JobSpec } from './job-spec.ts'
import { keccakHex } from './keccak.ts'
import { limits } from './limits.ts'
import { addressSchema, signatureSchema } from './schema.ts'
import { MarketDomain, Opening, OrderTerms, SignedAttestation, SignedAuditCommit, Verdict } from './typed-data.ts'
import { asHash, type Hash32 } from './units.ts'

/** What a quorum of appeal said, and who of it signed. */
export const SignedRuling = z.strictObject({
  guilty: z.boolean(),
  signatures: z.array(signatureSchema).min(1).max(limits.quorumMembers),
})
export type SignedRuling = z.infer<typeof SignedRuling>

/** One appeal of a verdict on chain: a blind panel of 7, 15 or 31 drawn from the quorum of appeal. */
export const Appeal = z.strictObject({
  /** Which appeal, from 1. Its audit commits and attestations are of round 1 + this. */
  round: z.int().min(1).max(3),
  /** The quorum that heard it, as the chain has it. */
  bench: QuorumMembers,
  /** Every member with its stake at the block of the appeal, ascending by address. */
  seats: z.array(Seat).min(1).max(limits.quorumMembers),
  /** The provider's opening, when it did not open in the audit. */
  opening: Opening.optional(),
  commits: z.array(SignedAuditCommit).max(limits.benchSeats),
  attestations: z.array(SignedAttestation).max(limits.benchSeats),
  /** Absent while nobody has ruled. */
  ruling: SignedRuling.optional(),
})
export type Appeal = z.infer<typeof Appeal>

/** A verdict that its appeals turned: the validators that the last bench outvoted are accused because of it. */
export const Overturned = z.strictObject({
  accused: addressSchema,
  outcome: z.union([z.literal(1), z.literal(2)]),
  appeals: z.array(Appeal).min(1).max(3),
})
export type Overturned = z.infer<typeof Overturned>

/** Judged offline by `verifyVerdict`. */
export const VerdictBundle = z.strictObject({
  v: z.literal(1),
  market: MarketDomain,
  terms: OrderTerms,
  spec: JobSpec,
  quorum: QuorumMembers,
  beacon: BeaconInfo,
  /** The epoch that holds the judged commit, with the value of its seed round. */
  epoch: SeededEpoch,
  audit: Audit,
  verdict: Verdict,
  /** Of the order's quorum over the verdict. */
  signatures: z.array(signatureSchema).min(1).max(limits.quorumMembers),
  /** Appeals against this verdict. */
  appeals: z.array(Appeal).max(3),
  /** Of the same commit, when the accused was found to be wrong by its appeals and not in the audit. */
  overturned: Overturned.optional(),
})
export type VerdictBundle = z.infer<typeof VerdictBundle>

/** Canonical bytes of a bundle: what is stored, sent and hashed. */
export const encodeVerdictBundle = (bundle: VerdictBundle): Uint8Array => encodeCanonicalBytes(toJson(bundle))

/** The name of a bundle: SHA-256 of its canonical bytes. */
export const deriveBundleId = (bundle: VerdictBundle): Hash32 => asHash(sha256Hex(encodeVerdictBundle(bundle)))

/** What a ruling calls its evidence: the audit by its hash, and the appeal without the ruling itself. */
export const deriveAppealHash = (audit: Audit, appeal: Appeal): Hash32 =>
  asHash(keccakHex(encodeCanonicalBytes(toJson({ ...appeal, ruling: undefined, audit: deriveEvidenceHash(audit) }))))
