/** A quorum's signed word that a program gives the same bytes everywhere, and its word that it does not after all. */
import { z } from 'zod'
import { encodeCanonical, encodeCanonicalBytes, hexToBytes, keccakText, sha256Hex } from './canonical.ts'
import { deriveEnvelopeDigest, toJson } from './envelope.ts'
import { DeterminismClass, type JobSpec } from './job-spec.ts'
import { keccakHex } from './keccak.ts'
import { limits } from './limits.ts'
import { hash32Schema, hashSchema, quorumIdSchema, shardSchema, signatureSchema, unixMsSchema } from './schema.ts'
import { MarketDomain } from './typed-data.ts'
import { asHash, type Hash32, type OrderId, type ResultRoot, type SpecHash } from './units.ts'

/** What a comparison of runs came to; only the first arms slashing where results are compared byte for byte. */
export const DeterminismGrade = z.enum(['exact', 'exact-after-canonicalisation', 'within-tolerance', 'unverifiable'])
export type DeterminismGrade = z.infer<typeof DeterminismGrade>

/** What differed between two runs of a sample. */
export const GateCondition = z.enum(['clock', 'cores', 'host-name', 'input-order', 'locale', 'time-zone'])
export type GateCondition = z.infer<typeof GateCondition>

/** What a threshold of a quorum signs once its members found equal results, blind. */
export const CertificateBody = z.strictObject({
  v: z.literal(1),
  ...MarketDomain.shape,
  quorumId: quorumIdSchema,
  imageDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Of everything that makes two jobs the same program: see `deriveTemplateHash`. */
  templateHash: hash32Schema,
  determinism: DeterminismClass,
  /** The one class of machines it speaks of; absent when the job names none. */
  hardwareClass: z.string().min(1).max(256).optional(),
  /** The job and shard that were run. */
  specHash: hashSchema<SpecHash>(),
  shard: shardSchema,
  resultRoot: hashSchema<ResultRoot>(),
  grade: DeterminismGrade,
  /** What every counted member varied, ascending. */
  conditions: z.array(GateCondition).max(GateCondition.options.length),
  issuedAtMs: unixMsSchema,
  /** At most `certificateLifeMs` later. */
  expiresAtMs: unixMsSchema,
})
export type CertificateBody = z.infer<typeof CertificateBody>

const signatures = z.array(signatureSchema).min(1).max(limits.quorumMembers)

/** Judged by `checkCertificate` of core against a market and a quorum. */
export const Certificate = z.strictObject({ body: CertificateBody, signatures })
export type Certificate = z.infer<typeof Certificate>

/** What the same quorum signs when an audit of a certified job found no reproducible result. */
export const RevocationBody = z.strictObject({
  v: z.literal(1),
  ...MarketDomain.shape,
  quorumId: quorumIdSchema,
  /** Id of the certificate. */
  certificate: hash32Schema,
  /** Hash of the audit that found it out: see `deriveEvidenceHash`. */
  evidence: hash32Schema,
})
export type RevocationBody = z.infer<typeof RevocationBody>
export const Revocation = z.strictObject({ body: RevocationBody, signatures })
export type Revocation = z.infer<typeof Revocation>

/** Names a certificate, and is what its signers sign. */
export const deriveCertificateId = (body: CertificateBody): Hash32 =>
  asHash(deriveEnvelopeDigest('certificate/1', encodeCanonical(toJson(body))))

/** What the signers of a revocation sign. */
export const deriveRevocationDigest = (body: RevocationBody): Hash32 =>
  asHash(deriveEnvelopeDigest('revocation/1', encodeCanonical(toJson(body))))

/**
 * SHA-256 of the canonical JSON of the fields of a spec that make two jobs the same program: neither who buys it and for
 * how much, nor the inputs of its shards. Files that every shard sees belong to the program.
 */
export function deriveTemplateHash(spec: JobSpec): Hash32 {
  const fields = Object.entries(spec).filter(([name]) => templateFields.has(name))
  return asHash(sha256Hex(encodeCanonicalBytes(toJson(Object.fromEntries(fields)))))
}

/** The shard that stands for a job: drawn by the order id, into which the aggregator put a salt. */
export function deriveGateShard(orderId: OrderId, shards: number): number {
  const drawn = keccakHex(new Uint8Array([...hexToBytes(keccakText('assay/gate-shard/1')), ...hexToBytes(orderId)]))
  return Number(BigInt(drawn) % BigInt(shards))
}

/** Limits count too: a job that meets them only sometimes is another program than one that never does. */
const templateFields: ReadonlySet<string> = new Set([
  'v',
  'command',
  'env',
  'resources',
  'timeLimitMs',
  'network',
  'determinism',
  'hardwareClass',
  'tolerance',
  'captureStdout',
  'outputBytes',
  'sharedInputs',
])
