/** The n-th call to the engine fails, or the caller gives up before it, for every n: nothing may be left behind. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { SandboxOutcome } from '@assay/core'
import { isMarketError, MarketError } from '@assay/protocol'
import { createCoreSlots } from '../src/core-slots.ts'
import { createEngine, type Engine } from '../src/engine.ts'
import { probeEngine } from '../src/probe.ts'
import { reconcileContainers } from '../src/reconcile.ts'
import type { RunContext } from '../src/run-context.ts'
import { runTask } from '../src/run-task.ts'
import { openStaging } from '../src/staging.ts'
import { findStubBinary } from '../src/stub-binary.ts'
import { loadBusyboxImage } from './busybox-image.ts'
import { docker, dockerSkip, realClock } from './docker-for-tests.ts'
import { never, shellTask } from './test-task.ts'

const skip = await dockerSkip()
const engine = createEngine({ clock: realClock })

/** More than a run makes; the test asserts that it reached the end. */
const mostCalls = 20

describe('faults of the engine', { skip }, () => {
  let image = ''
  before(async () => {
    image = await loadBusyboxImage(docker)
  })

  const kinds = {
    'the connection breaks': () => new MarketError('docker-unavailable', 'broken for the test'),
    'the engine refuses': () => Object.assign(new Error('refused for the test'), { statusCode: 500 }),
  }
  for (const [kind, makeError] of Object.entries(kinds)) {
    it(`${kind} at the n-th call`, async () => {
      const seen = await untilUntouched(async (context, n, calls) => {
        let count = 0
        const faulty: Engine = {
          docker: engine.docker,
          async call(name, options, work) {
            calls.push(name)
            count += 1
            if (count === n) throw makeError()
            return engine.call(name, options, work)
          },
        }
        return runTask({ ...context, engine: faulty }, shellTask(image, 'echo hi >/out/x'), never)
      })
      const last = seen.pop()
      assert.equal(last?.outcome?.kind, 'ok')
      for (const { outcome, error, calls } of seen) {
        const failed = calls.at(-1) ?? ''
        if (error !== undefined) assert.ok(isMarketError(error) && error.code === 'docker-unavailable')
        else if (outcome?.kind === 'failed')
          assert.deepEqual([outcome.failure, outcome.blame], ['engine-fault', 'provider'])
        // A result that is whole stays a result when only the removal failed.
        else assert.equal(failed, 'container remove')
      }
    })
  }

  it('the caller gives up before the n-th call', async () => {
    const seen = await untilUntouched(async (context, n, calls) => {
      let count = 0
      const abort = new AbortController()
      const watching: Engine = {
        docker: engine.docker,
        async call(name, options, work) {
          calls.push(name)
          count += 1
          if (count === n) abort.abort()
          return engine.call(name, options, work)
        },
      }
      return runTask({ ...context, engine: watching }, shellTask(image, 'sleep 1'), abort.signal)
    })
    for (const { outcome, calls } of seen) {
      const kind = outcome?.kind === 'failed' ? outcome.failure : outcome?.kind
      assert.ok(kind === 'cancelled' || (kind === 'ok' && calls.length > 4), `${kind} after ${calls.join(', ')}`)
    }
  })
})

interface Seen {
  readonly outcome?: SandboxOutcome
  readonly error?: unknown
  readonly calls: readonly string[]
}

/** Runs with n = 1, 2, … until a run makes fewer than n calls, and checks after each that nothing is left. */
async function untilUntouched(
  body: (context: RunContext, n: number, calls: string[]) => Promise<SandboxOutcome>,
): Promise<Seen[]> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-faults-'))
  const staging = await openStaging(directory)
  const context: RunContext = {
    clock: realClock,
    engine,
    facts: await probeEngine(engine, never),
    slots: createCoreSlots({ cores: 1, maxConcurrent: 1, firstCore: 0 }),
    staging,
    quarantine: new Set(),
    live: new Set(),
    runnerId: `faults-${process.pid}`,
    stubPath: await findStubBinary(),
  }
  const seen: Seen[] = []
  for (let n = 1; ; n++) {
    assert.ok(n <= mostCalls)
    const calls: string[] = []
    try {
      const outcome = await body(context, n, calls)
      if (outcome.kind === 'ok') await outcome.dispose()
      seen.push({ outcome, calls })
    } catch (error) {
      seen.push({ error, calls })
    }
    assert.equal(context.slots.running, 0)
    assert.equal(context.live.size, 0)
    assert.deepEqual(await readdir(join(directory, staging.owner)), [], 'staged files left behind')
    // Only a removal that failed leaves a container, and it is remembered until it is gone.
    const remembered = context.quarantine.size
    assert.equal(await reconcileContainers(context, never), remembered)
    assert.ok(remembered === 0 || calls[n - 1] === 'container remove')
    assert.equal(await reconcileContainers(context, never), 0)
    assert.equal(context.quarantine.size, 0)
    if (calls.length < n) break
  }
  await staging[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
  return seen
}
