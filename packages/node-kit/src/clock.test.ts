import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { durationMs } from '@assay/protocol'
import { systemClock } from './clock.ts'
import { limits } from './limits.ts'

const never = new AbortController().signal

test('sleeps of more than a timer can hold are kept whole', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  let woken = false
  const weeks = systemClock.sleep(durationMs(2.5 * limits.timerMs), never).then(() => (woken = true))
  for (let day = 0; day < 2; day += 1) {
    context.mock.timers.tick(limits.timerMs)
    await settled()
    assert.equal(woken, false)
  }
  context.mock.timers.tick(limits.timerMs / 2)
  await weeks
  assert.equal(systemClock.now(), 2.5 * limits.timerMs)
})

test('an abort ends a sleep with its reason and leaves no timer', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const cleared = mock.method(globalThis, 'clearTimeout')
  const abort = new AbortController()
  const reason = new Error('stop')
  const wait = assert.rejects(systemClock.sleep(durationMs(1000), abort.signal), reason)
  abort.abort(reason)
  await wait
  assert.equal(cleared.mock.callCount(), 1)
  mock.restoreAll()
  await assert.rejects(systemClock.sleep(durationMs(0), abort.signal), reason)
})

const settled = async (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
