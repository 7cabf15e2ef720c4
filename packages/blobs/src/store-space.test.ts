import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { asHash, isMarketError, type BlobRoot } from '@assay/protocol'
import { createBlobIndex, type BlobIndex } from './blob-index.ts'
import { blobLimits } from './limits.ts'
import { createMutex } from './mutex.ts'
import { createStoreSpace, type StoreSpace } from './store-space.ts'

const root = (n: number): BlobRoot => asHash<BlobRoot>(`0x${n.toString(16).padStart(64, '0')}`)

describe('the space of a store', () => {
  it('makes room from unfinished copies first, then from blobs, the oldest first, and no more than needed', async () => {
    const { space, index, removed } = open(100)
    for (const n of [1, 2, 3]) index.add(root(n), 20)
    await space.reserve(20)
    await space.keepIdle(root(9), 20)
    assert.equal(space.usedBytes, 80)
    await space.reserve(20)
    assert.deepEqual(removed, [])
    await space.reserve(10)
    assert.deepEqual(removed, ['copy 9'])
    await space.reserve(15)
    assert.deepEqual(removed, ['copy 9', 'blob 1'])
    await space.reserve(30)
    assert.deepEqual(removed, ['copy 9', 'blob 1', 'blob 2'])
    assert.equal(space.usedBytes, 95)
  })

  it('never exceeds the cap, however many ask at once', async () => {
    const { space, index } = open(100)
    for (let n = 1; n <= 5; n++) index.add(root(n), 20)
    const asked = await Promise.allSettled(Array.from({ length: 8 }, async () => space.reserve(15)))
    assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 6)
    assert.ok(space.usedBytes <= 100)
    for (const one of asked)
      if (one.status === 'rejected') assert.ok(isMarketError(one.reason) && one.reason.code === 'storage-full')
  })

  it('counts an evicted blob until its files are gone', async () => {
    const gate = Promise.withResolvers<void>()
    const { space, index } = open(40, gate.promise)
    index.add(root(1), 40)
    const reserved = space.reserve(10)
    await setImmediate()
    assert.equal(index.has(root(1)), false)
    assert.equal(space.usedBytes, 40)
    gate.resolve()
    await reserved
    assert.equal(space.usedBytes, 10)
  })

  it('leaves pinned blobs and copies in use alone', async () => {
    const { space, index, removed } = open(100)
    index.add(root(1), 40)
    index.pin(root(1), 'job')
    await space.reserve(40)
    await space.keepIdle(root(2), 40)
    assert.equal(space.takeIdle(root(2)), 40)
    assert.equal(space.takeIdle(root(2)), 0)
    await assert.rejects(space.reserve(30), (error) => isMarketError(error) && error.code === 'storage-full')
    assert.deepEqual(removed, [])
    space.release(40)
    await space.reserve(30)
  })

  it('keeps a bounded number of unfinished copies', async () => {
    const { space, removed } = open(1e9)
    for (let n = 0; n < blobLimits.partials + 2; n++) {
      await space.reserve(10)
      await space.keepIdle(root(n), 10)
    }
    assert.deepEqual(removed, ['copy 0', 'copy 1'])
    assert.equal(space.usedBytes, 10 * blobLimits.partials)
  })
})

interface Opened {
  readonly space: StoreSpace
  readonly index: BlobIndex
  readonly removed: readonly string[]
}

function open(capBytes: number, gate: Promise<void> = Promise.resolve()): Opened {
  const index = createBlobIndex()
  const removed: string[] = []
  const remove = (what: string) => async (one: BlobRoot) => {
    await gate
    removed.push(`${what} ${Number(one)}`)
  }
  const mutex = createMutex()
  const space = createStoreSpace({ capBytes, index, mutex, removeBlob: remove('blob'), removePartial: remove('copy') })
  return { space, index, removed }
}
