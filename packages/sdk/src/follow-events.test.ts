import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, toJson, unixMs, type JobEvent, type JobView } from '@assay/protocol'
import { createEvidenceCast, createFakeClock } from '@assay/testkit'
import { bodyOf, scriptFetch, silentBody, type Call } from '../test/fixture/scripted-fetch.ts'
import { followEvents } from './follow-events.ts'
import { limits } from './limits.ts'
import { createMarketApi } from './market-api.ts'

const cast = createEvidenceCast()
const never = new AbortController().signal
const event = (seq: number, type: JobEvent['type'] = 'job.running'): string =>
  `id: ${seq}\ndata: ${JSON.stringify({ seq, atMs: 1, type })}\n\n`
const stream = (...parts: readonly (string | Error)[]): Response => new Response(bodyOf(...parts))
const view = (state: JobView['state']): Response =>
  Response.json(
    toJson({
      orderId: cast.orderId,
      state,
      terms: cast.terms,
      shards: 4,
      accepted: 0,
      failed: 0,
      audited: 0,
      convicted: [],
      slashedUsdc: 0n,
      attempts: [],
      createdAtMs: unixMs(1),
    }),
  )

/** Follows with a script for the event connections; the job's state is `state`. */
async function follow(
  reply: (call: Call, n: number) => Response | Promise<Response>,
  options: { readonly from?: number; readonly state?: JobView['state']; readonly signal?: AbortSignal } = {},
): Promise<{
  readonly seqs: readonly number[]
  readonly resumes: readonly (string | null)[]
  readonly error?: unknown
}> {
  const clock = createFakeClock()
  const resumes: (string | null)[] = []
  const { fetch } = scriptFetch((call) => {
    if (!call.url.endsWith('/events')) return view(options.state ?? 'running')
    resumes.push(call.headers.get('last-event-id'))
    return reply(call, resumes.length - 1)
  })
  const api = createMarketApi({ baseUrl: 'http://a', fetch, clock })
  const seqs: number[] = []
  const run = async (): Promise<void> => {
    for await (const { seq } of followEvents(api, cast.orderId, options.from ?? 0, options.signal ?? never))
      seqs.push(seq)
  }
  try {
    await clock.runUntil(run())
    return { seqs, resumes }
  } catch (error) {
    return { seqs, resumes, error }
  }
}
const code = (error: unknown): string => (isMarketError(error) ? error.code : String(error))

test('yields each event once and ends with job.closed', async () => {
  const { seqs, resumes, error } = await follow(() => stream(event(1), event(2), event(3, 'job.closed'), event(4)))
  assert.equal(error, undefined)
  assert.deepEqual(seqs, [1, 2, 3])
  assert.deepEqual(resumes, [null])
})

test('resumes after a cut, also in the middle of an event, without repeating or losing any', async () => {
  const half = event(3).slice(0, 20)
  const scripts = [
    () => stream(event(1), event(2), half, new Error('reset')),
    () => stream(event(2), event(3)),
    () => stream(event(4, 'job.closed')),
  ]
  const { seqs, resumes } = await follow((_, n) => scripts[n]!())
  assert.deepEqual(seqs, [1, 2, 3, 4])
  assert.deepEqual(resumes, [null, '2', '3'])
})

test('begins where the caller says', async () => {
  const { resumes, seqs } = await follow(() => stream(event(8, 'job.closed')), { from: 7 })
  assert.deepEqual(resumes, ['7'])
  assert.deepEqual(seqs, [8])
})

test('ends when there is nothing after the start because the job is closed', async () => {
  const { seqs, error } = await follow(() => stream(), { from: 9, state: 'closed' })
  assert.equal(error, undefined)
  assert.deepEqual(seqs, [])
})

test('opens a silent connection again and does not count a quiet job as a dead aggregator', async () => {
  const quiet = limits.streamTries + 5
  const { seqs, resumes, error } = await follow((_, n) =>
    n < quiet ? new Response(silentBody()) : stream(event(1, 'job.closed')),
  )
  assert.equal(error, undefined)
  assert.equal(resumes.length, quiet + 1)
  assert.deepEqual(seqs, [1])
})

test('gives up when the aggregator stays away', async () => {
  const { resumes, error } = await follow(() => {
    throw new TypeError('refused')
  })
  assert.equal(code(error), 'market-unreachable')
  assert.equal(resumes.length, limits.streamTries)
})

test('gives up on an aggregator that takes connections and never answers', async () => {
  const { resumes, error } = await follow(() => Promise.withResolvers<Response>().promise)
  assert.equal(code(error), 'market-unreachable')
  assert.equal(resumes.length, limits.streamTries)
})

test('takes comments as signs of life', async () => {
  const scripts = Array.from({ length: limits.streamTries + 2 }, () => () => stream(': ping\n\n'))
  const { seqs, error } = await follow((_, n) => (scripts[n] ?? (() => stream(event(1, 'job.closed'))))())
  assert.equal(error, undefined)
  assert.deepEqual(seqs, [1])
})

test('blames the aggregator for events that are not what the API promises', async () => {
  for (const bad of ['data: {}\n\n', 'data: nonsense\n\n', `data: ${'x'.repeat(limits.eventBytes + 1)}`]) {
    const { error } = await follow(() => stream(bad))
    assert.ok(isMarketError(error))
    assert.equal(error.code, 'message-malformed')
    assert.equal(error.blame, 'aggregator')
  }
})

test('stops when the caller gives up', async () => {
  const stop = new AbortController()
  const { error } = await follow(
    () => {
      stop.abort()
      throw new Error('aborted')
    },
    { signal: stop.signal },
  )
  assert.equal(code(error), 'cancelled')
})
