import { hash32Schema, MarketError, parseMessage, type PublishedCertificate } from '@assay/protocol'
import type { Hono } from 'hono'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { CertificateRow } from '../store/records.ts'
import { certificationOf, requestCertification } from '../use-cases/request-certification.ts'
import { readSignedRequest } from './authenticate.ts'
import { replyJson } from './reply-json.ts'

const Filter = z.strictObject({
  image: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  template: hash32Schema.optional(),
})

/** Certifies quoted jobs, and shows what was certified and what was taken back. */
export function addCertificateRoutes(app: Hono, context: Context): void {
  const { store } = context

  app.post('/v1/quotes/:quote/certify', async (c) => {
    const quoteId = parseMessage(hash32Schema, c.req.param('quote'), 'quote id')
    return replyJson(await requestCertification(context, quoteId, readSignedRequest(context, c)), 202)
  })
  app.get('/v1/quotes/:quote/certify', (c) =>
    replyJson(certificationOf(context, parseMessage(hash32Schema, c.req.param('quote'), 'quote id'))),
  )
  app.get('/v1/certificates/:id', (c) => {
    const row = store.certificate(parseMessage(hash32Schema, c.req.param('id'), 'certificate id'))
    if (row === undefined) throw new MarketError('certificate-unknown', 'no such certificate here')
    return replyJson(publish(row))
  })
  app.get('/v1/certificates', (c) => {
    const { image, template } = parseMessage(Filter, c.req.query(), 'query')
    const rows = store.certificatesOf(image, template, limits.certificatesListed)
    return replyJson({ certificates: rows.map(publish) })
  })
}

const publish = ({ id, certificate, revocation }: CertificateRow): PublishedCertificate => ({
  id,
  certificate,
  ...(revocation && { revocation }),
})
