import { hashSchema, MarketError, parseMessage, toJson, type JobEvent, type OrderId } from '@assay/protocol'
import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Watchers } from '../aggregator.ts'
import type { Context } from '../context.ts'

const page = 500
const orderIdSchema = hashSchema<OrderId>()

/** Server-sent events of a job: everything after `Last-Event-ID`, then live, until the job is closed. */
export function addEventRoutes(app: Hono, { store }: Context, watchers: Watchers): void {
  app.get('/v1/jobs/:order/events', (c) => {
    const orderId = parseMessage(orderIdSchema, c.req.param('order'), 'order id')
    if (store.job(orderId) === undefined)
      throw new MarketError('job-unknown', 'no such job here', { details: { orderId } })
    const from = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? 0)
    return streamSSE(c, async (stream) => {
      let seq = Number.isSafeInteger(from) && from >= 0 ? from : 0
      let news = Promise.withResolvers<void>()
      const unwatch = watchers.watch(orderId, () => news.resolve())
      stream.onAbort(() => news.resolve())
      try {
        while (!stream.aborted) {
          news = Promise.withResolvers()
          let batch: readonly JobEvent[]
          while ((batch = store.eventsAfter(orderId, seq, page)).length > 0 && !stream.aborted) {
            for (const event of batch) {
              await stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(toJson(event)) })
              seq = event.seq
              if (event.type === 'job.closed') return
            }
          }
          if (store.job(orderId)?.state === 'closed') return
          await news.promise
        }
      } finally {
        unwatch()
      }
    })
  })
}
