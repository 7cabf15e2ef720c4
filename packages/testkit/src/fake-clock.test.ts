import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { durationMs, unixMs } from '@assay/protocol'
import { createFakeClock } from './fake-clock.ts'

const never = new AbortController().signal

describe('createFakeClock', () => {
  it('wakes sleepers in order of due time, then of call, each at its own instant', async () => {
    const clock = createFakeClock(1000)
    const woken: string[] = []
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(durationMs(ms), never)
      woken.push(`${name}@${clock.now()}`)
    }
    const all = [sleeper('c', 30), sleeper('a', 10), sleeper('b', 10), sleeper('z', 31)]
    await clock.advance(30)
    assert.deepEqual(woken, ['a@1010', 'b@1010', 'c@1030'])
    assert.equal(clock.waiting(), 1)
    assert.equal(clock.nextWake(), 1031)
    await clock.advance(1)
    await Promise.all(all)
    assert.equal(clock.nextWake(), undefined)
  })

  it('wakes sleepers that start while time moves', async () => {
    const clock = createFakeClock(0)
    const ticks: number[] = []
    const loop = (async () => {
      while (ticks.length < 4) {
        await clock.sleep(durationMs(5), never)
        ticks.push(clock.now())
      }
    })()
    await clock.advance(12)
    assert.deepEqual(ticks, [5, 10])
    assert.equal(clock.now(), 12)
    await clock.runUntil(loop)
    assert.deepEqual(ticks, [5, 10, 15, 20])
  })

  it('never goes back', async () => {
    const clock = createFakeClock(100)
    await clock.advanceTo(unixMs(50))
    assert.equal(clock.now(), 100)
  })

  it('rejects with the reason of an abort, and forgets the sleeper', async () => {
    const clock = createFakeClock()
    const abort = new AbortController()
    const reason = new Error('stop')
    const wait = assert.rejects(clock.sleep(durationMs(10), abort.signal), reason)
    abort.abort(reason)
    await wait
    assert.equal(clock.waiting(), 0)
    await assert.rejects(clock.sleep(durationMs(0), abort.signal), reason)
  })

  it('says so when a promise waits for something else than the clock', async () => {
    const clock = createFakeClock()
    await assert.rejects(clock.runUntil(Promise.withResolvers().promise), /does not drive/)
  })
})
