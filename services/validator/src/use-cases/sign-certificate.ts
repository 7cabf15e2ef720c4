import { deriveCertificate } from '@assay/core'
import {
  deriveCertificateId,
  MarketError,
  type Address,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'
import { ownGate, ownQuorum, refuseGate } from './certify-job.ts'

export type CertifySignRequest = Extract<ValidatorRequest, { type: 'certify-sign' }>

/**
 * Signs the certificate that follows from the members' answers, its own among those that agree. One question has one
 * certificate, durable before it is signed. Throws `certify-refused`, `certificate-revoked`.
 */
export async function signCertificate(
  context: ValidatorContext,
  { orderId, certificate, answers }: CertifySignRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, clock, log, signer, store } = context
  const row = ownGate(context, orderId, from)
  const quorum = await ownQuorum(context, row.subject.quorumId, signal)
  const id = deriveCertificateId(certificate)
  const held = row.certificate === undefined ? undefined : deriveCertificateId(row.certificate)
  if (held !== undefined && held !== id) throw refuseGate('one-certificate-a-question', { held, asked: id })
  if (store.isProgramRevoked(row.subject))
    throw new MarketError('certificate-revoked', 'a certificate of this program was revoked', {
      details: { templateHash: row.subject.templateHash },
    })
  const { issuedAtMs } = certificate
  if (held === undefined) {
    if (Math.abs(clock.now() - issuedAtMs) > validatorLimits.certificateClockMs)
      throw refuseGate('time-differs', { issuedAtMs })
    const input = { market: chain.market, quorum, orderId, subject: row.subject, answers, issuedAtMs }
    const outcome = deriveCertificate(input)
    if (outcome.kind !== 'certified') throw refuseGate('answers-differ', { outcome: outcome.kind })
    if (deriveCertificateId(outcome.body) !== id) throw refuseGate('certificate-differs')
    // What others found is theirs to say: a member signs what it has seen itself.
    if (!outcome.countedBy.includes(signer.address)) throw refuseGate('own-answer-missing')
    store.signGate(orderId, certificate)
    log.info({ orderId, certificate: id, templateHash: row.subject.templateHash }, 'certificate.signed')
  }
  return { type: 'signed', signature: await signer.sign(id) }
}
