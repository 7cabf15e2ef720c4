import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { runBounded } from './run-bounded.ts'

const never = new AbortController().signal

test('runs every item, never more than the width at a time', async () => {
  let running = 0
  let most = 0
  const done: number[] = []
  await runBounded(
    Array.from({ length: 20 }, (_, i) => i),
    3,
    never,
    async (item) => {
      most = Math.max(most, ++running)
      await setImmediate()
      running--
      done.push(item)
    },
  )
  assert.equal(done.length, 20)
  assert.equal(most, 3)
})

test('stops after the first failure, tells the others, and waits for them', async () => {
  const started: number[] = []
  let settled = 0
  const failure = new Error('the second')
  await assert.rejects(
    runBounded([0, 1, 2, 3, 4, 5], 2, never, async (item, _index, signal) => {
      started.push(item)
      if (item === 1) throw failure
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve())
      if (signal.aborted) resolve()
      await promise
      settled++
    }),
    failure,
  )
  assert.deepEqual(started.slice(0, 2), [0, 1])
  assert.ok(started.length < 6)
  assert.equal(settled, started.length - 1)
})

test('waits for what runs when the source itself fails', async () => {
  let finished = false
  async function* source(): AsyncGenerator<number> {
    yield 1
    throw new Error('no more')
  }
  const run = runBounded(source(), 2, never, async () => {
    await setImmediate()
    finished = true
  })
  await assert.rejects(run, /no more/)
  assert.equal(finished, true)
})
