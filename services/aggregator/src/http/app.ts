import { encodeError, errorTable, toMarketError } from '@assay/protocol'
import { Hono } from 'hono'
import type { Context } from '../context.ts'
import type { Watchers } from '../watchers.ts'
import { addBlobRoutes } from './blobs.ts'
import { addCertificateRoutes } from './certificates.ts'
import { addEventRoutes } from './events.ts'
import { addJobRoutes } from './jobs.ts'
import { addQuoteRoutes } from './quotes.ts'
import { replyJson } from './reply-json.ts'

/** The public API as a fetch handler: `http-api.ts` of the protocol names every shape. */
export type HttpApp = Hono

export function createHttpApp(context: Context, watchers: Watchers): HttpApp {
  const app = new Hono()
  app.get('/healthz', () => replyJson({ ok: true }))
  addQuoteRoutes(app, context)
  addBlobRoutes(app, context)
  addCertificateRoutes(app, context)
  addJobRoutes(app, context)
  addEventRoutes(app, context, watchers)
  app.notFound(() => replyJson({ code: 'job-unknown', message: 'no such resource', blame: 'client', details: {} }, 404))
  app.onError((error, c) => {
    const known = toMarketError(error)
    if (known.code === 'internal') context.log.error({ error: String(known.cause), path: c.req.path }, 'request.failed')
    return replyJson(encodeError(known), errorTable[known.code].status)
  })
  return app
}
