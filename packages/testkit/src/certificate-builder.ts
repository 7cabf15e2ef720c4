/** Certificates of the cast's own job, as its quorum would sign them. */
import { certificateSubject } from '@assay/core'
import {
  CertificateBody,
  deriveCertificateId,
  deriveRevocationDigest,
  GateAnswer,
  limits,
  signGateAnswer,
  unixMs,
  type Certificate,
  type Envelope,
  type Hash32,
  type Revocation,
} from '@assay/protocol'
import { castBeaconGenesisMs, named, type EvidenceCast } from './evidence-cast.ts'

/** In force from the first second of the cast's beacon, unless told otherwise. */
export function buildCertificate(
  cast: EvidenceCast,
  { signers = cast.quorum.threshold, body = {} }: { readonly signers?: number; readonly body?: object } = {},
): Certificate {
  const issuedAtMs = unixMs(castBeaconGenesisMs)
  const full = CertificateBody.parse({
    ...certificateSubject(cast.market, { orderId: cast.orderId, quorumId: cast.quorum.id, spec: cast.spec }),
    resultRoot: named('certified'),
    grade: 'exact',
    conditions: ['clock', 'host-name'],
    issuedAtMs,
    expiresAtMs: issuedAtMs + limits.certificateLifeMs,
    ...body,
  })
  const id = deriveCertificateId(full)
  return { body: full, signatures: cast.validators.slice(0, signers).map((actor) => actor.signNow(id)) }
}

/** A revocation that a threshold signed. */
export function buildRevocation(cast: EvidenceCast, certificate: Hash32): Revocation {
  const { chainId, escrow } = cast.market
  const body = {
    v: 1 as const,
    chainId,
    escrow,
    quorumId: cast.quorum.id,
    certificate,
    evidence: named<Hash32>('evidence'),
  }
  const digest = deriveRevocationDigest(body)
  return { body, signatures: cast.validators.slice(0, cast.quorum.threshold).map((actor) => actor.signNow(digest)) }
}

/** Promise and answer of one member of the cast about its job. */
export async function buildGateAnswer(
  cast: EvidenceCast,
  member: number,
  fields: object = {},
): Promise<{ readonly answer: Envelope; readonly commit: Envelope }> {
  const answer = GateAnswer.parse({
    chainId: cast.market.chainId,
    escrow: cast.market.escrow,
    orderId: cast.orderId,
    grade: 'exact',
    resultRoot: named('certified'),
    salt: named(`gate-salt/${member}`),
    conditions: ['clock', 'host-name'],
    differences: [],
    ...fields,
  })
  return signGateAnswer(answer, cast.validators[member]!)
}
