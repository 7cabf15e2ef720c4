import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, MarketError } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { unreachable } from './faults.ts'
import { limits } from './limits.ts'
import { repeat, within } from './repeat.ts'

const never = new AbortController().signal

test('tries a call again that did not get through, with doubling pauses', async () => {
  const clock = createFakeClock(0)
  const times: number[] = []
  const call = async (): Promise<string> => {
    times.push(clock.now())
    if (times.length < 4) throw unreachable('down', {})
    return 'up'
  }
  assert.equal(await clock.runUntil(repeat(call, clock, never)), 'up')
  assert.deepEqual(times, [0, 250, 750, 1750])
})

test('gives up after the bound and throws what the last try threw', async () => {
  const clock = createFakeClock()
  let calls = 0
  const call = async (): Promise<void> => {
    throw unreachable(`try ${++calls}`, {})
  }
  await assert.rejects(clock.runUntil(repeat(call, clock, never)), /try 4/)
  assert.equal(calls, limits.callTries)
})

test('does not repeat what would fail again', async () => {
  const clock = createFakeClock()
  let calls = 0
  const call = async (): Promise<void> => {
    calls++
    throw new MarketError('no-providers', 'nobody')
  }
  await assert.rejects(clock.runUntil(repeat(call, clock, never)), { code: 'no-providers' })
  assert.equal(calls, 1)
})

test('ends a pause when the caller gives up', async () => {
  const clock = createFakeClock()
  const stop = new AbortController()
  const call = async (): Promise<void> => {
    stop.abort(new Error('enough'))
    throw unreachable('down', {})
  }
  await assert.rejects(clock.runUntil(repeat(call, clock, stop.signal)), (error) => {
    assert.ok(isMarketError(error))
    assert.equal(error.code, 'cancelled')
    assert.equal(error.cause, stop.signal.reason)
    return true
  })
})

test('bounds a wait in time and leaves no timer behind', async () => {
  const clock = createFakeClock()
  assert.equal(await within(Promise.resolve(7), 1000, clock, () => new Error('late')), 7)
  assert.equal(clock.waiting(), 0)
  await assert.rejects(
    clock.runUntil(within(Promise.withResolvers<never>().promise, 1000, clock, () => new Error('late'))),
    /late/,
  )
})
