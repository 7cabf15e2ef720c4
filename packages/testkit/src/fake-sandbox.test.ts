import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, SandboxTask } from '@assay/core'
import { byteCount, durationMs, milliCpus, unixMs } from '@assay/protocol'
import { createFakeClock } from './fake-clock.ts'
import { createFakeSandbox } from './fake-sandbox.ts'
import { complianceImage, sandboxCompliance } from './sandbox-compliance.ts'

const image = `sha256:${'1'.repeat(64)}`
const realClock: Clock = {
  now: () => unixMs(Date.now()),
  sleep: async (ms, signal) => wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal }),
}

describe('fake sandbox', () => {
  sandboxCompliance(async () => ({
    sandbox: createFakeSandbox({ clock: realClock }, { images: { [image]: complianceImage } }),
    image,
  }))

  it('takes its time from the clock', async () => {
    const clock = createFakeClock()
    await using sandbox = createFakeSandbox(
      { clock },
      { images: { [image]: () => ({ durationMs: 5000, exitCode: 3 }) } },
    )
    const run = sandbox.run(task(), new AbortController().signal)
    await clock.advance(4999)
    assert.equal(clock.waiting(), 1)
    await clock.advance(1)
    const outcome = await run
    assert.equal(outcome.durationMs, 5000)
  })

  it('takes an image by its digest, whatever its name', async () => {
    await using sandbox = createFakeSandbox({ clock: realClock }, { images: { [`one@${image}`]: () => ({}) } })
    await sandbox.ensureImage(`other@${image}`, new AbortController().signal)
  })

  it('keeps results until it is closed', async () => {
    const sandbox = createFakeSandbox({ clock: realClock }, { images: { [image]: () => ({ files: { a: 'b' } }) } })
    const outcome = await sandbox.run(task(), new AbortController().signal)
    assert.equal(outcome.kind, 'ok')
    const path = (outcome.kind === 'ok' && outcome.files.get('a')) || ''
    assert.ok(existsSync(path))
    await sandbox[Symbol.asyncDispose]()
    assert.ok(!existsSync(path))
  })
})

const task = (): SandboxTask => ({
  runId: 'run',
  image,
  command: ['x'],
  env: {},
  inputs: [],
  captureStdout: false,
  deadline: unixMs(0),
  limits: {
    cpus: milliCpus(1000),
    memoryBytes: byteCount(2 ** 26),
    diskBytes: byteCount(2 ** 20),
    pids: 8,
    timeMs: durationMs(60_000),
    outputBytes: byteCount(2 ** 20),
    stdoutBytes: byteCount(2 ** 20),
  },
})
