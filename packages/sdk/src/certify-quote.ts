/** A quoted job certified before it is paid: a quorum tries it, and its word is checked before it is believed. */
import { certifiedProgram, checkCertificate, checkRevocation, isSameProgram } from '@assay/core'
import {
  decodeError,
  MarketError,
  type Certificate,
  type CertificationView,
  type Hash32,
  type JobSpec,
  type PublishedCertificate,
  type Quote,
} from '@assay/protocol'
import { onChain } from './client-chain.ts'
import type { ClientParts } from './client-parts.ts'
import { limits } from './limits.ts'
import type { MapOptions } from './map-options.ts'
import { sleep } from './repeat.ts'

/** A certificate that holds, as far as this client can see. */
export interface JobCertificate {
  readonly id: Hash32
  readonly certificate: Certificate
}

/**
 * Asks for the certificate of a quoted job whose inputs are uploaded, and waits for it. Nothing is paid for it. Throws
 * `certificate-refused` with what differs, `certificate-revoked`, `certificate-invalid`, `certify-incomplete`, `cancelled`.
 */
export async function certifyQuote(
  parts: ClientParts,
  job: { readonly spec: JobSpec; readonly quote: Quote; readonly report: NonNullable<MapOptions['onProgress']> },
  signal: AbortSignal,
): Promise<JobCertificate> {
  const { api, clock, market, signer } = parts
  const { quoteId } = job.quote
  let view: CertificationView = await api.certify(quoteId, { signer, market }, signal)
  while (view.state === 'running') {
    job.report({ stage: 'certifying', promised: view.promised, answered: view.answered })
    await sleep(limits.certifyPollMs, clock, signal)
    view = await api.certification(quoteId, signal)
  }
  if (view.state === 'refused') {
    job.report({ stage: 'uncertified', findings: view.findings })
    throw decodeError(view.error)
  }
  const { id, certificate } = view
  if (!isSameProgram(certificate.body, certifiedProgram(job.spec)))
    throw new MarketError('certificate-invalid', 'the certificate speaks of another program', { details: { id } })
  return checkPublished(parts, { id, certificate }, signal)
}

/**
 * Checks a certificate against this market, and against the quorum that the chain names when there is a chain to ask. Throws
 * `certificate-invalid`, or `certificate-revoked` for one whose revocation holds.
 */
export async function checkPublished(
  { chain, market }: ClientParts,
  { id, certificate, revocation }: PublishedCertificate,
  signal: AbortSignal,
): Promise<JobCertificate> {
  const { body } = certificate
  const onThisChain = chain && (await onChain(signal, () => chain.reader.quorum(body.quorumId, signal)))
  if (chain !== undefined && onThisChain === undefined)
    throw new MarketError('certificate-invalid', 'the chain knows no such quorum', {
      details: { quorumId: body.quorumId },
    })
  // Without a chain nobody says who the members are: then only the market, the quorum's number and the times are checked.
  const quorum = onThisChain ?? { id: market.quorumId, threshold: 0, members: [] }
  const shown = onThisChain === undefined ? { body, signatures: [] } : certificate
  const checked = checkCertificate(shown, { market, quorum })
  if (!checked.ok)
    throw new MarketError('certificate-invalid', `the certificate does not hold: ${checked.fault}`, {
      details: { reason: checked.fault, ...checked.details },
    })
  if (checked.id !== id)
    throw new MarketError('certificate-invalid', 'the certificate has another id', { details: { id, got: checked.id } })
  if (revocation === undefined) return { id, certificate }
  const revoked = checkRevocation(revocation, { market, quorum })
  if (onThisChain !== undefined && (!revoked.ok || revoked.certificate !== id))
    throw new MarketError('certificate-invalid', 'the revocation does not hold', { details: { id } })
  throw new MarketError('certificate-revoked', 'the quorum has taken this certificate back', { details: { id } })
}
