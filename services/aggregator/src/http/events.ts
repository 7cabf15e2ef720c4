import { durationMs, hashSchema, MarketError, parseMessage, toJson, type OrderId } from '@assay/protocol'
import type { Hono } from 'hono'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { Watchers } from '../watchers.ts'

const page = 500
const orderIdSchema = hashSchema<OrderId>()

/** Server-sent events of a job: everything after `Last-Event-ID`, then live, until the job is closed. */
export function addEventRoutes(app: Hono, { clock, store }: Context, watchers: Watchers): void {
  app.get('/v1/jobs/:order/events', (c) => {
    const orderId = parseMessage(orderIdSchema, c.req.param('order'), 'order id')
    if (store.job(orderId) === undefined)
      throw new MarketError('job-unknown', 'no such job here', { details: { orderId } })
    const from = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? 0)
    let seq = Number.isSafeInteger(from) && from >= 0 ? from : 0
    return streamSSE(c, async (stream) => {
      let news = Promise.withResolvers<void>()
      const unwatch = watchers.watch(orderId, () => news.resolve())
      stream.onAbort(() => news.resolve())
      try {
        while (!stream.aborted) {
          news = Promise.withResolvers()
          const over = store.job(orderId)?.state === 'closed'
          seq = await catchUp(store, orderId, seq, stream)
          if (over) return
          if (!(await heardWithin(clock, news.promise))) await stream.write(': keep-alive\n\n')
        }
      } finally {
        unwatch()
      }
    })
  })
}

/** Whether `news` came before the next keep-alive is due. Proxies and clients take a silent connection for a dead one. */
async function heardWithin(clock: Context['clock'], news: Promise<void>): Promise<boolean> {
  const stop = new AbortController()
  const quiet = clock.sleep(durationMs(limits.keepAliveMs), stop.signal).then(
    () => false,
    () => true,
  )
  try {
    return await Promise.race([news.then(() => true), quiet])
  } finally {
    stop.abort()
  }
}

/** Writes everything after `seq` and returns the last number written. */
async function catchUp(
  store: Context['store'],
  orderId: OrderId,
  seq: number,
  stream: SSEStreamingApi,
): Promise<number> {
  let last = seq
  for (;;) {
    const batch = store.eventsAfter(orderId, last, page)
    for (const event of batch) {
      await stream.writeSSE({ id: String(event.seq), event: event.type, data: JSON.stringify(toJson(event)) })
      last = event.seq
    }
    if (batch.length < page || stream.aborted) return last
  }
}
