import {
  deriveCertificateId,
  deriveRevocationDigest,
  limits,
  recoverSigner,
  type Address,
  type Certificate,
  type Hash32,
  type Hex,
  type MarketDomain,
  type QuorumMembers,
  type Revocation,
  type Signature,
} from '@assay/protocol'
import { certificateFault, type CertificateFault } from './certificate-fault.ts'

/** Who must have signed, as the reader knows it from the chain. */
export interface CertificateAnchors {
  readonly market: MarketDomain
  readonly quorum: QuorumMembers
}
export interface CheckedCertificate {
  readonly ok: true
  readonly id: Hash32
  /** Members that signed, in the order of their signatures. */
  readonly signedBy: readonly Address[]
}

/**
 * Checks that a certificate is of this market and quorum, bounded in time, and signed by a threshold of the members, each
 * once. Whether it is in force, fits a job or was revoked is the caller's to ask: see `isSlashable`.
 */
export function checkCertificate(
  { body, signatures }: Certificate,
  anchors: CertificateAnchors,
): CheckedCertificate | CertificateFault {
  const wrong = checkOrigin(body, anchors)
  if (wrong !== undefined) return wrong
  const { issuedAtMs, expiresAtMs, conditions } = body
  if (expiresAtMs <= issuedAtMs || expiresAtMs - issuedAtMs > limits.certificateLifeMs)
    return certificateFault('certificate-malformed', { issuedAtMs, expiresAtMs })
  if (conditions.some((condition, i) => condition <= (conditions[i - 1] ?? '')))
    return certificateFault('certificate-malformed', { conditions: conditions.join() })
  const id = deriveCertificateId(body)
  const signed = checkSigners(id, signatures, anchors.quorum)
  return 'fault' in signed ? signed : { ok: true, id, signedBy: signed }
}

/** Checks that a revocation is of this market and quorum and signed by a threshold of the members, each once. */
export function checkRevocation(
  { body, signatures }: Revocation,
  anchors: CertificateAnchors,
): { readonly ok: true; readonly certificate: Hash32 } | CertificateFault {
  const wrong = checkOrigin(body, anchors)
  if (wrong !== undefined) return wrong
  const signed = checkSigners(deriveRevocationDigest(body), signatures, anchors.quorum)
  return 'fault' in signed ? signed : { ok: true, certificate: body.certificate }
}

function checkOrigin(
  body: MarketDomain & { readonly quorumId: number },
  { market, quorum }: CertificateAnchors,
): CertificateFault | undefined {
  const { chainId, escrow, quorumId } = body
  if (chainId !== market.chainId || escrow !== market.escrow)
    return certificateFault('certificate-market', { chainId, escrow })
  return quorumId === quorum.id ? undefined : certificateFault('certificate-quorum', { quorumId })
}

function checkSigners(
  digest: Hex,
  signatures: readonly Signature[],
  { members, threshold }: QuorumMembers,
): readonly Address[] | CertificateFault {
  const signers: Address[] = []
  for (const signature of signatures) {
    const signer = recoverSigner(digest, signature)
    if (signer === undefined || !members.includes(signer) || signers.includes(signer))
      return certificateFault('certificate-signer', { signer: signer ?? 'none' })
    signers.push(signer)
  }
  if (signers.length < threshold)
    return certificateFault('certificate-unsigned', { have: signers.length, need: threshold })
  return signers
}
