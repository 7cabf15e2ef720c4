import {
  after,
  decodeError,
  GateAnswer,
  MarketError,
  openEnvelope,
  type CertificationView,
  type Envelope,
  type Hash32,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { inputSizes } from '../http/blobs.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { CertificationRow } from '../store/records.ts'
import { certificateStatus } from './find-certificate.ts'

/**
 * Takes a client's wish to have a quoted job certified; asked again, it tells how far that is. A program that is certified
 * already costs nobody a run. Throws `quote-unknown`, `quote-expired`, `unauthorized`, `input-missing`, `spec-invalid`,
 * `certificate-revoked`, `rate-limited`.
 */
export async function requestCertification(
  context: Context,
  quoteId: Hash32,
  request: Envelope,
): Promise<CertificationView> {
  const { blobs, clock, store } = context
  const quote = store.quote(quoteId)
  if (quote === undefined) throw new MarketError('quote-unknown', 'no such quote')
  const { orderId, terms, spec } = quote
  if (request.signer !== terms.client)
    throw new MarketError('unauthorized', 'only the client of a quote can have it certified')
  const known = store.certification(orderId)
  if (known !== undefined) return viewCertification(context, known)
  const status = certificateStatus(context, spec)
  if (status.state === 'certified') return viewHeld(context, status.id)
  if (status.state === 'revoked')
    throw new MarketError('certificate-revoked', 'an audit found this program not reproducible', {
      details: { certificate: status.id },
    })
  if (quote.expiresAtMs <= clock.now()) throw new MarketError('quote-expired', 'the quote has expired')
  if (spec.determinism === 'DX')
    throw new MarketError('spec-invalid', 'results of class DX cannot be compared', {
      details: { field: 'determinism' },
    })
  for (const root of inputSizes(spec).keys())
    if (!(await blobs.has(root)))
      throw new MarketError('input-missing', 'an input was not uploaded', { details: { root } })
  if (store.countCertifications() >= limits.openCertifications)
    throw new MarketError('rate-limited', 'too many jobs are being certified', {
      details: { retryAfterMs: limits.certifyWaitMs },
    })
  const row: CertificationRow = {
    orderId,
    state: 'running',
    terms,
    spec,
    request,
    commits: [],
    answers: [],
    body: undefined,
    error: undefined,
    deadlineMs: after(clock.now(), limits.certifyWaitMs + 2 * limits.auditTimeFactor * spec.timeLimitMs),
    atMs: clock.now(),
  }
  store.addCertification(row)
  context.wake()
  return viewCertification(context, row)
}

/** How far a certification is, or what it came to. Throws `certificate-unknown`. */
export function certificationOf(context: Context, quoteId: Hash32): CertificationView {
  const quote = context.store.quote(quoteId)
  const row = quote && context.store.certification(quote.orderId)
  if (row !== undefined) return viewCertification(context, row)
  const status = quote && certificateStatus(context, quote.spec)
  if (status?.state === 'certified') return viewHeld(context, status.id)
  throw new MarketError('certificate-unknown', 'nobody asked for this quote to be certified')
}

function viewCertification(context: Context, row: CertificationRow): CertificationView {
  if (row.state === 'running') return { state: 'running', promised: row.commits.length, answered: row.answers.length }
  if (row.error !== undefined) return { state: 'refused', error: row.error, findings: findingsOf(row) }
  const id = certificateIn(context, row)
  if (id === undefined) throw new MarketError('certificate-unknown', 'the certificate has expired')
  return viewHeld(context, id)
}

function certificateIn(context: Context, { spec }: CertificationRow): Hash32 | undefined {
  const status = certificateStatus(context, spec)
  return status.state === 'none' ? undefined : status.id
}

function viewHeld({ store }: Context, id: Hash32): CertificationView {
  const row = store.certificate(id)
  if (row === undefined) throw new MarketError('certificate-unknown', 'no such certificate here', { details: { id } })
  if (row.contradictedBy !== undefined)
    throw decodeError({
      code: 'certificate-revoked',
      message: 'an audit found this program not reproducible',
      blame: 'client',
      details: { certificate: id },
    })
  return { state: 'certified', id, certificate: row.certificate }
}

/** What each member showed. */
const findingsOf = ({ answers }: CertificationRow) =>
  answers.map((envelope) => {
    const { grade, differences } = openEnvelope('gate-answer/1', GateAnswer, envelope)
    return { validator: envelope.signer, grade, differences }
  })
