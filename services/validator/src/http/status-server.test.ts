import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openStatusServer } from './status-server.ts'

it('shows health and status to this machine, and nothing else', async () => {
  let pending = 0
  await using server = await openStatusServer(() => ({ pending }), { port: 0 })
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init)
    return { status: response.status, body: JSON.parse(await response.text()) as unknown }
  }
  assert.deepEqual(await get('/healthz'), { status: 200, body: { ok: true } })
  pending = 2
  assert.deepEqual(await get('/v1/status'), { status: 200, body: { pending: 2 } })
  assert.equal((await get('/v1/other')).status, 404)
  assert.equal((await get('/v1/status', { method: 'POST' })).status, 404)
})
