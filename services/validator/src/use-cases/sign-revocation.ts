import { certifiesCommit, isRevoking, judgeAudit } from '@assay/core'
import {
  deriveEvidenceHash,
  deriveRevocationDigest,
  MarketError,
  type Address,
  type Audit,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { ownQuorum } from './certify-job.ts'
import { openDueCommit } from './due-commit.ts'

export type RevokeRequest = Extract<ValidatorRequest, { type: 'revoke' }>

/**
 * Takes the quorum's word back, after deriving again that an audit of a job it spoke of found no reproducible result. From
 * here on this validator signs nothing that the certificate arms. Throws `audit-refused`, `certificate-invalid`.
 */
export async function signRevocation(
  context: ValidatorContext,
  request: RevokeRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, clock, log, signer, store } = context
  const { revocation, certificate, commitment, reason, opening, rounds, challenges } = request
  const due = await openDueCommit(context, request, from, signal)
  const { order, proposal, beacon, leaf } = due
  const { terms, spec } = order
  const { determinism } = spec
  const quorum = await ownQuorum(context, terms.quorumId, signal)
  const audit: Audit = { commitment, reason, rounds, ...(opening && { opening }), ...(challenges && { challenges }) }
  const certified = certifiesCommit({
    market: chain.market,
    quorum,
    spec,
    closedAtMs: proposal.closedAtMs,
    certificate,
    isRevoked: () => false,
  })
  if (!certified.ok) throw invalid(certified.fault, certified.details)
  const judged = judgeAudit({ market: chain.market, commit: leaf.commit, terms, determinism, proposal, beacon, audit })
  if (!judged.ok) throw invalid(judged.fault, judged.details)
  if (!isRevoking(judged.verdict, audit)) throw invalid('audit-reproducible', { verdict: judged.verdict })
  const held = store.revocation(certified.certificate)
  const follows =
    revocation.chainId === chain.market.chainId &&
    revocation.escrow === chain.market.escrow &&
    revocation.quorumId === quorum.id &&
    revocation.certificate === certified.certificate &&
    revocation.evidence === deriveEvidenceHash(audit)
  if (!follows) throw invalid('revocation-differs', { certificate: certified.certificate })
  if (held === undefined) {
    store.addRevocation(revocation, certificate.body, clock.now())
    log.info({ certificate: certified.certificate, commitment }, 'certificate.revoked')
  }
  // Any proof of the same thing may be signed: a certificate cannot be revoked too often.
  return { type: 'signed', signature: await signer.sign(deriveRevocationDigest(revocation)) }
}

const invalid = (reason: string, details: Readonly<Record<string, string | number | boolean>>): MarketError =>
  new MarketError('certificate-invalid', `the revocation is refused: ${reason}`, { details: { reason, ...details } })
