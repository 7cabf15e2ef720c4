import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asHash, type OrderId } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { createWatchers } from '../watchers.ts'
import { addEventRoutes } from './events.ts'

const orderId = asHash<OrderId>(`0x${'11'.repeat(32)}`)

describe('a stream of events', () => {
  it('says that it is alive while nothing happens, and ends when the job is closed', async () => {
    const clock = createFakeClock()
    const watchers = createWatchers()
    let state = 'running'
    const store = { job: () => ({ state }), eventsAfter: () => [] }
    const app = new Hono()
    addEventRoutes(app, { clock, store } as unknown as Context, watchers)
    const response = await app.request(`/v1/jobs/${orderId}/events`)
    const reader = response.body!.getReader()
    const next = async (): Promise<string | undefined> => {
      const { value } = await reader.read()
      return value === undefined ? undefined : new TextDecoder().decode(value)
    }
    for (let round = 0; round < 3; round++) {
      const part = next()
      await clock.advance(limits.keepAliveMs)
      assert.equal(await part, ': keep-alive\n\n')
    }
    state = 'closed'
    watchers.tell(orderId)
    assert.equal(await next(), undefined)
  })
})
