import {
  byteCount,
  byteCountSchema,
  hashSchema,
  hash32Schema,
  MarketError,
  parseMessage,
  shardInputs,
  type BlobRoot,
  type JobSpec,
} from '@assay/protocol'
import type { Hono } from 'hono'
import type { Context } from '../context.ts'
import { replyJson } from './reply-json.ts'

const blobRoot = hashSchema<BlobRoot>()

/** Inputs in, sealed results out. Only blobs that an open quote names are taken; whatever is served is content-addressed. */
export function addBlobRoutes(app: Hono, context: Context): void {
  const { blobs, clock, store } = context

  app.put('/v1/quotes/:quote/blobs/:root', async (c) => {
    const root = parseMessage(blobRoot, c.req.param('root'), 'blob root')
    const quote = store.quote(parseMessage(hash32Schema, c.req.param('quote'), 'quote id'))
    if (quote === undefined) throw new MarketError('quote-unknown', 'no such quote')
    if (quote.expiresAtMs <= clock.now()) throw new MarketError('quote-expired', 'the quote has expired')
    const size = inputSizes(quote.spec).get(root)
    if (size === undefined)
      throw new MarketError('blob-unknown', 'the quoted job has no such input', { blame: 'client', details: { root } })
    const body = c.req.raw.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() })
    const ref = await blobs.put(
      body,
      { maxBytes: byteCount(size), expect: root, owner: quote.orderId },
      c.req.raw.signal,
    )
    return replyJson({ root: ref.root, size: ref.size }, 201)
  })

  app.get('/v1/blobs/:root', async (c) => {
    const root = parseMessage(blobRoot, c.req.param('root'), 'blob root')
    const list = await blobs.list(root)
    if (list === undefined) throw new MarketError('blob-unknown', 'no such blob', { details: { root } })
    const offset = startOf(c.req.header('range'), list.size)
    const body = toStream(blobs.read(root, { offset: byteCount(offset) }, c.req.raw.signal))
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(list.size - offset),
      'accept-ranges': 'bytes',
      // The address is the content: it never changes.
      'cache-control': 'public, max-age=31536000, immutable',
      ...(offset > 0 && { 'content-range': `bytes ${offset}-${list.size - 1}/${list.size}` }),
    }
    return new Response(body, { status: offset > 0 ? 206 : 200, headers })
  })
}

/** Every input of a job with its size. */
export const inputSizes = (spec: JobSpec): ReadonlyMap<BlobRoot, number> =>
  new Map(spec.shards.flatMap((_, shard) => shardInputs(spec, shard).map((input) => [input.root, input.size] as const)))

/** Only `bytes=<start>-` is served partially: that is what a resumed download asks for. */
function startOf(range: string | undefined, size: number): number {
  const match = /^bytes=(\d{1,16})-$/.exec(range ?? '')
  const offset = match === null ? 0 : parseMessage(byteCountSchema, Number(match[1]), 'range')
  return offset < size ? offset : 0
}

function toStream(parts: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
