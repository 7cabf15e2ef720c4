import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, toJson, unixMs, usdc, type JobView } from '@assay/protocol'
import { createEvidenceCast, createFakeClock, createTestActor, named } from '@assay/testkit'
import { bodyOf, scriptFetch, silentBody } from '../test/fixture/scripted-fetch.ts'
import type { JobParts } from './job-parts.ts'
import { awaitClosed, readState } from './job-state.ts'
import { createMemoryJobStore } from './job-store.ts'
import { limits } from './limits.ts'
import { createMarketApi } from './market-api.ts'
import { createSpendingCap } from './spending-cap.ts'

const cast = createEvidenceCast()
const never = new AbortController().signal
const startMs = cast.terms.settleBy * 1000 - 3_600_000
const view = (over: Partial<JobView> = {}): JobView => ({
  orderId: cast.orderId,
  state: 'running',
  terms: cast.terms,
  shards: 4,
  accepted: 0,
  failed: 0,
  audited: 0,
  convicted: [],
  slashedUsdc: usdc(0n),
  attempts: [],
  createdAtMs: unixMs(1),
  ...over,
})

/** A job whose state is `states` one after the other, the last one for ever. */
function scene(states: readonly JobView[], events: () => Response = () => new Response(silentBody())) {
  const clock = createFakeClock(startMs)
  let asked = 0
  const { fetch } = scriptFetch((call) => {
    if (call.url.endsWith('/events')) return events()
    return Response.json(toJson(states[Math.min(asked++, states.length - 1)]))
  })
  const parts: JobParts = {
    api: createMarketApi({ baseUrl: 'http://a', fetch, clock }),
    clock,
    signer: createTestActor('client'),
    market: { ...cast.market } as JobParts['market'],
    cap: createSpendingCap(usdc(1n)),
    store: createMemoryJobStore(),
    chain: undefined,
    orderId: cast.orderId,
    domain: cast.market,
    terms: cast.terms,
    spec: cast.spec,
    identity: async () => '',
    openings: new Map(),
    proven: {},
  }
  return { clock, parts }
}

test('refuses the state of another job', async () => {
  for (const wrong of [view({ orderId: named('other') }), view({ shards: 3 })]) {
    await assert.rejects(readState(scene([wrong]).parts, never), { code: 'message-malformed', blame: 'aggregator' })
  }
})

test('returns at once when the job is closed', async () => {
  const { parts, clock } = scene([view({ state: 'closed' })])
  assert.equal((await awaitClosed(parts, never)).state, 'closed')
  assert.equal(clock.waiting(), 0)
})

test('waits for job.closed, then reads the state again', async () => {
  const closed = `data: ${JSON.stringify({ seq: 1, atMs: 1, type: 'job.closed' })}\n\n`
  const { parts, clock } = scene(
    [view(), view({ state: 'settling' }), view({ state: 'closed' })],
    () => new Response(bodyOf(closed)),
  )
  assert.equal((await clock.runUntil(awaitClosed(parts, never))).state, 'closed')
  assert.equal(clock.waiting(), 0)
})

test('does not wait for ever: past refundAt the money needs nobody’s help', async () => {
  const { parts, clock } = scene([view()])
  await assert.rejects(clock.runUntil(awaitClosed(parts, never)), (error) => {
    assert.ok(isMarketError(error))
    assert.deepEqual([error.code, error.blame], ['deadline-passed', 'aggregator'])
    return true
  })
  assert.equal(clock.now(), cast.terms.refundAt * 1000 + limits.closeGraceMs)
  assert.equal(clock.waiting(), 0)
})

test('reads an old job that ended, long after its deadline', async () => {
  const { parts, clock } = scene([view({ state: 'closed' })])
  await clock.advanceTo(unixMs(cast.terms.refundAt * 1000 + 10 * limits.closeGraceMs))
  assert.equal((await awaitClosed(parts, never)).state, 'closed')
})

test('says cancelled when the caller gives up', async () => {
  const stop = new AbortController()
  const { parts, clock } = scene([view()], () => {
    stop.abort()
    throw new Error('aborted')
  })
  await assert.rejects(clock.runUntil(awaitClosed(parts, stop.signal)), { code: 'cancelled' })
})
