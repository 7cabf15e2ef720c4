/** Frames of the stream protocols between services. JSON, one object a frame, each bounded by `limits.frameBytes`. */
import { z } from 'zod'
import { BeaconValue } from './beacon.ts'
import { Certificate, CertificateBody, RevocationBody } from './certificate.ts'
import { Envelope } from './envelope.ts'
import { EpochLeaf } from './epoch.ts'
import { ErrorBody } from './errors.ts'
import { AuditReason, AuditRound, Challenges, JobEvidence, Settlement } from './evidence.ts'
import { JobSpec } from './job-spec.ts'
import { limits } from './limits.ts'
import {
  addressSchema,
  byteCountSchema,
  hash32Schema,
  hashSchema,
  ppmSchema,
  publicKeySchema,
  signatureSchema,
  unixMsSchema,
} from './schema.ts'
import { Opening, OrderTerms, SignedAttestation, SignedAuditCommit, SignedCommit, Verdict } from './typed-data.ts'
import type { BlobRoot, Commitment, OrderId } from './units.ts'

/** Stream protocols, each with who dials whom. */
export const protocols = {
  /** anyone → node: one `AdvertRequest`, one `AdvertReply`. */
  advert: '/assay/advert/1',
  /** aggregator → provider: one attempt, from offer to commit. */
  work: '/assay/work/1',
  /** aggregator or validator → provider: asks for the opening of an audited commit. */
  open: '/assay/open/1',
  /** aggregator → validator: one `ValidatorRequest`, one `ValidatorReply`; `counter` and `retract` come from providers. */
  validate: '/assay/validate/1',
  /** provider → aggregator: takes a commit back before its epoch closes. */
  retract: '/assay/retract/1',
} as const

const commitment = hashSchema<Commitment>()
const Failure = z.strictObject({ type: z.literal('error'), error: ErrorBody })

/** With `image`, the provider also says whether it could run that image now. */
export const AdvertRequest = z.strictObject({ type: z.literal('advert'), image: z.string().max(300).optional() })
export type AdvertRequest = z.infer<typeof AdvertRequest>
export const AdvertReply = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('advert'),
    advert: Envelope,
    /** Absent when the image asked for is at hand; else why not. */
    imageError: ErrorBody.optional(),
  }),
  Failure,
])
export type AdvertReply = z.infer<typeof AdvertReply>

/** Where bytes can be fetched with the blob protocol. */
export const BlobSource = z.strictObject({ publicKey: publicKeySchema })

/** Aggregator to provider. `offer` starts an attempt; `resume` asks for the state of one after a broken stream. */
export const WorkRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('offer'), offer: Envelope, terms: OrderTerms, spec: JobSpec }),
  z.strictObject({ type: z.literal('resume'), lease: hash32Schema }),
  /** The commit is stored durably: the provider may forget the sealed bytes. */
  z.strictObject({ type: z.literal('committed') }),
  z.strictObject({ type: z.literal('cancel') }),
])
export type WorkRequest = z.infer<typeof WorkRequest>

export const WorkState = z.enum(['preparing', 'executing', 'sealing'])
export type WorkState = z.infer<typeof WorkState>

/** Provider to aggregator. `accepted` comes first, `committed` or `failed` last; nothing follows a `declined`. */
export const WorkReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('accepted'), acceptance: signatureSchema }),
  z.strictObject({ type: z.literal('declined'), error: ErrorBody }),
  z.strictObject({ type: z.literal('progress'), state: WorkState, atMs: unixMsSchema }),
  z.strictObject({
    type: z.literal('committed'),
    commit: SignedCommit,
    sealed: z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema }),
  }),
  z.strictObject({ type: z.literal('failed'), error: ErrorBody }),
])
export type WorkReply = z.infer<typeof WorkReply>

/** What shows a commit to be due for opening: an acknowledged epoch, its seed, and a blind answer by a drawn seat. */
export const OpenRequest = z.strictObject({
  type: z.literal('open'),
  commitment,
  reason: AuditReason,
  proposal: Envelope,
  acks: z.array(Envelope).max(limits.quorumMembers),
  /** All leaves: the provider recomputes the root from them. */
  leaves: z.array(EpochLeaf).min(1).max(limits.shardsPerJob),
  beacon: BeaconValue,
  auditCommits: z.array(SignedAuditCommit).min(1).max(16),
  challenges: Challenges.optional(),
})
export type OpenRequest = z.infer<typeof OpenRequest>
export const OpenReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('opening'), opening: Opening }),
  Failure,
])
export type OpenReply = z.infer<typeof OpenReply>

/** Provider to aggregator: a `retract/1` envelope. The answer is `retracted`, or why it is too late. */
export const RetractRequest = z.strictObject({ type: z.literal('retract'), retraction: Envelope })
export type RetractRequest = z.infer<typeof RetractRequest>
export const RetractReply = z.discriminatedUnion('type', [z.strictObject({ type: z.literal('retracted') }), Failure])
export type RetractReply = z.infer<typeof RetractReply>

/** Aggregator to validator. Every request is idempotent: asked again, the validator gives the same answer. */
export const ValidatorRequest = z.discriminatedUnion('type', [
  /** Makes an order known: terms and spec, checked on chain. Reply `known`. */
  z.strictObject({ type: z.literal('introduce'), terms: OrderTerms, spec: JobSpec }),
  /** A closed epoch. Reply `acknowledged`, or `refused` with the rates it must have. */
  z.strictObject({
    type: z.literal('propose'),
    proposal: Envelope,
    leaves: z.array(EpochLeaf).min(1).max(limits.shardsPerJob),
  }),
  /** Re-run a shard blind. Reply `audited` once the validator has committed to its own result. */
  z.strictObject({
    type: z.literal('audit'),
    commitment,
    round: z.int().min(0).max(4),
    reason: AuditReason,
    /** Epoch that holds the commitment; the validator must have seen it proposed. */
    proposal: hash32Schema,
    acks: z.array(Envelope).max(limits.quorumMembers),
    beacon: BeaconValue,
    /** Who committed in earlier rounds: they do not sit again. Nothing of what they found, so that the panel stays blind. */
    excluded: z.array(addressSchema).max(limits.quorumMembers),
    inputsFrom: BlobSource,
    challenges: Challenges.optional(),
  }),
  /** All seats of the round have committed: show your result. Reply `attested`. */
  z.strictObject({
    type: z.literal('reveal'),
    commitment,
    round: z.int().min(0).max(4),
    commits: z.array(SignedAuditCommit).min(1).max(16),
    opening: Opening.optional(),
  }),
  /** Sign a verdict that slashes. Reply `signed`. */
  z.strictObject({
    type: z.literal('judge'),
    verdict: Verdict,
    reason: AuditReason,
    proposal: hash32Schema,
    beacon: BeaconValue,
    acks: z.array(Envelope).max(limits.quorumMembers),
    opening: Opening.optional(),
    rounds: z.array(AuditRound).min(1).max(5),
    /** What arms it; not needed against a provider that did not open. */
    certificate: Certificate.optional(),
    challenges: Challenges.optional(),
  }),
  /** Run a sample of a quoted job twice, blind. Reply `certifying` once the validator has promised its answer. */
  z.strictObject({
    type: z.literal('certify'),
    terms: OrderTerms,
    spec: JobSpec,
    /** The client's own signed request to certify this quote. */
    request: Envelope,
    inputsFrom: BlobSource,
  }),
  /** A threshold has promised: show your answer. Reply `certify-answer`. */
  z.strictObject({
    type: z.literal('certify-open'),
    orderId: hashSchema<OrderId>(),
    commits: z.array(Envelope).min(1).max(limits.quorumMembers),
  }),
  /** Sign the certificate that follows from the answers. Reply `signed`. */
  z.strictObject({
    type: z.literal('certify-sign'),
    orderId: hashSchema<OrderId>(),
    certificate: CertificateBody,
    answers: z.array(Envelope).min(1).max(limits.quorumMembers),
  }),
  /** Sign the revocation of a certificate whose job an audit found not reproducible. Reply `signed`. */
  z.strictObject({
    type: z.literal('revoke'),
    revocation: RevocationBody,
    certificate: Certificate,
    commitment,
    reason: AuditReason,
    proposal: hash32Schema,
    beacon: BeaconValue,
    acks: z.array(Envelope).max(limits.quorumMembers),
    opening: Opening.optional(),
    rounds: z.array(AuditRound).min(1).max(5),
    challenges: Challenges.optional(),
  }),
  /** Sign a settlement. Reply `signed`. */
  z.strictObject({
    type: z.literal('settle'),
    evidence: z.array(JobEvidence).min(1).max(64),
    settlement: Settlement.omit({ signatures: true }),
  }),
  /** A provider's own commits that its aggregator may have left out. Reply `countered`. */
  z.strictObject({
    type: z.literal('counter'),
    terms: OrderTerms,
    counters: z.array(Envelope).min(1).max(limits.countersAtOnce),
  }),
  /** A provider takes a commit back. Reply `retracted`. */
  z.strictObject({ type: z.literal('retract'), terms: OrderTerms, retraction: Envelope }),
])
export type ValidatorRequest = z.infer<typeof ValidatorRequest>

export const ValidatorReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('known') }),
  z.strictObject({ type: z.literal('acknowledged'), ack: Envelope }),
  z.strictObject({
    type: z.literal('refused'),
    error: ErrorBody,
    /** Least audit rate for each leaf that was too low. */
    required: z.array(z.strictObject({ commitment, ratePpm: ppmSchema })).max(limits.shardsPerJob),
    /** Orders to introduce first. */
    unknownOrders: z.array(hash32Schema).max(limits.shardsPerJob),
  }),
  z.strictObject({ type: z.literal('audited'), commit: SignedAuditCommit }),
  z.strictObject({ type: z.literal('attested'), attestation: SignedAttestation }),
  z.strictObject({ type: z.literal('certifying'), commit: Envelope }),
  z.strictObject({ type: z.literal('certify-answer'), answer: Envelope }),
  z.strictObject({ type: z.literal('signed'), signature: signatureSchema }),
  /** A settlement that leaves these commits out is not signed. */
  z.strictObject({
    type: z.literal('censored'),
    error: ErrorBody,
    counters: z.array(Envelope).min(1).max(limits.countersAtOnce),
  }),
  /** `acknowledged` stand in an epoch, `kept` must get into one before the order settles; the rest is refused. */
  z.strictObject({
    type: z.literal('countered'),
    acknowledged: z.array(commitment).max(limits.countersAtOnce),
    kept: z.array(commitment).max(limits.countersAtOnce),
    refused: z.array(z.strictObject({ commitment, error: ErrorBody })).max(limits.countersAtOnce),
  }),
  z.strictObject({ type: z.literal('retracted') }),
  Failure,
])
export type ValidatorReply = z.infer<typeof ValidatorReply>
