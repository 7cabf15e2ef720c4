import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { createCoreSlots } from './core-slots.ts'
import { limits } from './limits.ts'

const never = new AbortController().signal
const create = (cores: number, maxConcurrent = cores, firstCore = 0) =>
  createCoreSlots({ cores, maxConcurrent, firstCore })

describe('core slots', () => {
  it('gives each run cores of its own and takes them back', async () => {
    const slots = create(3)
    const [one, two] = [await slots.acquire(1, never), await slots.acquire(2, never)]
    assert.deepEqual([one.cpuset, two.cpuset], ['0', '1,2'])
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    assert.equal(slots.running, 1)
    assert.equal((await slots.acquire(1, never)).cpuset, '0')
  })

  it('begins where it is told', async () => {
    const slots = create(4, 4, 3)
    assert.equal((await slots.acquire(2, never)).cpuset, '0,3')
  })

  it('serves in order: a small run does not overtake a large one', async () => {
    const slots = create(2)
    const first = await slots.acquire(1, never)
    const order: string[] = []
    const large = slots.acquire(2, never).then((slot) => {
      order.push('large')
      return slot
    })
    const small = slots.acquire(1, never).then((slot) => {
      order.push('small')
      return slot
    })
    assert.equal(slots.waiting, 2)
    first[Symbol.dispose]()
    ;(await large)[Symbol.dispose]()
    await small
    assert.deepEqual(order, ['large', 'small'])
  })

  it('bounds the number of runs beside the cores', async () => {
    const slots = create(4, 1)
    const first = await slots.acquire(1, never)
    const second = slots.acquire(1, never)
    assert.deepEqual([slots.running, slots.waiting], [1, 1])
    first[Symbol.dispose]()
    await second
  })

  it('gives a run that wants too much all there is', async () => {
    assert.equal((await create(2).acquire(64, never)).cpuset, '0,1')
  })

  it('forgets a waiter that gave up, and lets the next one in', async () => {
    const slots = create(2)
    const first = await slots.acquire(1, never)
    const abort = new AbortController()
    const large = slots.acquire(2, abort.signal)
    const small = slots.acquire(1, never)
    abort.abort(new Error('enough'))
    await assert.rejects(large, /enough/)
    assert.equal((await small).cpuset, '1')
    first[Symbol.dispose]()
    await assert.rejects(slots.acquire(1, AbortSignal.abort(new Error('already'))), /already/)
  })

  it('refuses to queue without end', async () => {
    const slots = create(1)
    await slots.acquire(1, never)
    const abort = new AbortController()
    const waiting = Array.from({ length: limits.waitingRuns }, async () => slots.acquire(1, abort.signal))
    await assert.rejects(
      slots.acquire(1, never),
      (error) => isMarketError(error) && error.code === 'attempt-engine-fault',
    )
    abort.abort(new Error('enough'))
    for (const result of await Promise.allSettled(waiting)) assert.equal(result.status, 'rejected')
  })
})
