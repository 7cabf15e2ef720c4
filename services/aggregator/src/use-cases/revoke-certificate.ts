import { assertBug, deriveEvidenceHash, deriveRevocationDigest, type Address } from '@assay/protocol'
import { askToSign, collectSignatures } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { CertificateRow } from '../store/records.ts'
import { askAboutEpoch } from './propose-to.ts'

/** Has a quorum take its word back, on the audit that contradicts it. Planning asks again until a threshold has signed. */
export async function revokeCertificate(context: Context, row: CertificateRow, signal: AbortSignal): Promise<void> {
  const { chain, log, quorum, store } = context
  const audit = row.contradictedBy && store.audit(row.contradictedBy)
  const epoch = audit && store.epoch(audit.epoch)
  assertBug(audit !== undefined && epoch?.beacon !== undefined, 'a certificate is contradicted by a judged audit')
  const { challenges, commitment, reason, opening, rounds } = audit.audit
  const { chainId, escrow } = chain.market
  const body = {
    v: 1 as const,
    chainId,
    escrow,
    quorumId: quorum.id,
    certificate: row.id,
    evidence: deriveEvidenceHash(audit.audit),
  }
  const message = {
    type: 'revoke' as const,
    revocation: body,
    certificate: row.certificate,
    commitment,
    reason,
    rounds,
    proposal: epoch.digest,
    beacon: epoch.beacon,
    acks: [...epoch.acks],
    ...(opening && { opening }),
    ...(challenges && { challenges }),
  }
  const question = { digest: deriveRevocationDigest(body), message, deadlineMs: limits.validatorReplyMs }
  const sign = async (validator: Address, inTime: AbortSignal) => {
    const ask = async () => askToSign(context, validator, question, inTime)
    return askAboutEpoch(context, validator, { epoch, ask }, inTime)
  }
  const signatures = [...(await collectSignatures(context, 'revocation.unsigned', sign, signal))]
  store.addRevocation({ body, signatures })
  log.info({ certificate: row.id, commitment }, 'certificate.revoked')
}
