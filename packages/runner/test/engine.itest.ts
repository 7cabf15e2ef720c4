/** Engines that are absent, down or silent. No real engine is needed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isMarketError, type ErrorCode } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { createEngine } from '../src/engine.ts'
import { openSandbox } from '../src/open-sandbox.ts'
import { realClock } from './docker-for-tests.ts'
import { never } from './test-task.ts'

const failsWith =
  (code: ErrorCode, reason: string) =>
  (error: unknown): boolean => {
    assert.ok(isMarketError(error), String(error))
    assert.deepEqual([error.code, error.details['reason']], [code, reason])
    assert.ok(String(error.details['command']).length > 0)
    return true
  }

describe('an engine that is not there', () => {
  it('is told apart: no socket, nobody listening', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-engine-'))
    const options = { runnerId: 'none', stagingDir: join(folder, 'staging') }
    const absent = { socketPath: join(folder, 'docker.sock') }
    await assert.rejects(
      openSandbox({ clock: realClock, engine: absent }, options),
      failsWith('docker-unavailable', 'not-installed'),
    )
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    server.close()
    await once(server, 'close')
    await assert.rejects(
      openSandbox({ clock: realClock, engine: { host: '127.0.0.1', port } }, options),
      failsWith('docker-unavailable', 'daemon-down'),
    )
    assert.deepEqual(await readdir(folder), [])
    await rm(folder, { recursive: true })
  })

  it('is given up when it does not answer in time, and the caller may give up earlier', async () => {
    const server = createServer(() => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const clock = createFakeClock()
    const engine = createEngine({ clock }, { host: '127.0.0.1', port })
    const ask = async (signal: AbortSignal): Promise<void> =>
      engine.call('ping', { limitMs: 1000, signal }, async () => {
        await engine.docker.ping()
      })
    const late = assert.rejects(ask(never), failsWith('docker-unavailable', 'no-answer'))
    await clock.advance(1000)
    await late
    const abort = new AbortController()
    const aborted = assert.rejects(ask(abort.signal), /enough/)
    abort.abort(new Error('enough'))
    await aborted
    assert.equal(clock.waiting(), 0)
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
})
