/** What every `BlobStore` must do. Run on the fake and on the disk alike. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BlobStore, PutBlobOptions } from '@assay/core'
import { asHash, blobChunkBytes, byteCount, concatBytes, hashBlob, isMarketError } from '@assay/protocol'
import type { BlobRef, BlobRoot, ByteCount, ErrorCode } from '@assay/protocol'

/** An empty store. Disposing the harness closes the store and removes what it left. */
export interface BlobStoreHarness extends AsyncDisposable {
  readonly store: BlobStore
}

type Open = (capBytes: ByteCount) => Promise<BlobStoreHarness>

const mebibyte = blobChunkBytes
const roomy = byteCount(256 * mebibyte)
/** Room for three blobs of 1 MiB with whatever a store keeps beside them. */
const forThree = byteCount(3.5 * mebibyte)

/** Declares the suite under `name`; `open` gives an empty store with the cap. */
export function blobStoreCompliance(name: string, open: Open): void {
  describe(`blob store compliance: ${name}`, { timeout: 120_000 }, () => {
    contentSuite(open)
    refusalSuite(open)
    pinSuite(open)
  })
}

function contentSuite(open: Open): void {
  it('gives back what was put, under the root of the protocol', async () => {
    await using harness = await open(roomy)
    const { store } = harness
    for (const size of [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 7]) {
      const bytes = bytesOf(size)
      const ref = await put(store, bytes)
      assert.deepEqual(ref, await hashBlob(bytes))
      assert.ok(await store.has(ref.root))
      assertBytes(await read(store, ref.root), bytes)
      const list = await store.list(ref.root)
      assert.equal(list?.size, size)
      assert.equal(list.chunks.length, Math.ceil(size / mebibyte))
    }
  })

  it('does not care how the source cuts its bytes', async () => {
    await using harness = await open(roomy)
    const bytes = bytesOf(2 * mebibyte + 5)
    const expected = await hashBlob(bytes)
    for (const piece of [1000, 65_536, mebibyte, 5 * mebibyte])
      assert.deepEqual(await put(harness.store, bytes, { piece }), expected)
  })

  it('takes bytes as they were when the source gave them', async () => {
    await using harness = await open(roomy)
    const reused = new Uint8Array(1000)
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (const fill of [1, 2, 3]) yield reused.fill(fill)
    }
    const { root } = await harness.store.put(source(), { maxBytes: roomy }, never)
    assertBytes(
      await read(harness.store, root),
      concatBytes(...[1, 2, 3].map((fill) => new Uint8Array(1000).fill(fill))),
    )
  })

  it('reads from any offset', async () => {
    await using harness = await open(roomy)
    const bytes = bytesOf(2 * mebibyte + 100)
    const { root } = await put(harness.store, bytes)
    for (const offset of [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, bytes.length - 1, bytes.length])
      assertBytes(await read(harness.store, root, offset), bytes.subarray(offset))
  })

  it('stores equal bytes once, however many put them at the same time', async () => {
    await using harness = await open(roomy)
    const { store } = harness
    const bytes = bytesOf(mebibyte + 9)
    const [first] = await Promise.all([put(store, bytes), put(store, bytes), put(store, bytes, { piece: 777 })])
    const used = await store.usedBytes()
    assert.deepEqual(await put(store, bytes), first)
    assert.equal(await store.usedBytes(), used)
    assert.ok(used >= bytes.length && used < 2 * bytes.length)
    assertBytes(await read(store, first.root), bytes)
  })

  it('names the file of a blob', async () => {
    await using harness = await open(roomy)
    const { root } = await put(harness.store, bytesOf(10))
    assert.ok((await harness.store.pathOf(root)).includes(root.slice(2)))
  })

  it('says what it does not hold', async () => {
    await using harness = await open(roomy)
    const { store } = harness
    const root = asHash<BlobRoot>(`0x${'ab'.repeat(32)}`)
    assert.equal(await store.has(root), false)
    assert.equal(await store.list(root), undefined)
    await rejectsWith('blob-unknown', read(store, root))
    await rejectsWith('blob-unknown', store.pathOf(root))
    await rejectsWith('blob-unknown', store.pin(root, 'job'))
    await store.release('nobody')
  })
}

function refusalSuite(open: Open): void {
  it('keeps nothing of a blob that is too large', async () => {
    await using harness = await open(roomy)
    const { store } = harness
    const maxBytes = byteCount(mebibyte)
    await put(store, bytesOf(mebibyte), { maxBytes })
    const before = await store.usedBytes()
    for (const piece of [1000, 5 * mebibyte])
      await rejectsWith('blob-too-large', put(store, bytesOf(mebibyte + 1), { maxBytes, piece }))
    assert.equal(await store.usedBytes(), before)
    assert.equal(await store.has((await hashBlob(bytesOf(mebibyte + 1))).root), false)
  })

  it('keeps nothing of bytes that do not hash to what was expected', async () => {
    await using harness = await open(roomy)
    const { store } = harness
    const [right, wrong] = [bytesOf(mebibyte + 3), bytesOf(mebibyte + 3)]
    wrong[mebibyte + 1] = 255 - (wrong[mebibyte + 1] ?? 0)
    const { root } = await hashBlob(right)
    await rejectsWith('blob-mismatch', put(store, wrong, { expect: root, owner: 'job' }))
    await rejectsWith('blob-mismatch', put(store, right.subarray(1), { expect: root }))
    assert.equal(await store.usedBytes(), 0)
    assert.deepEqual(await put(store, right, { expect: root }), await hashBlob(right))
  })

  it('keeps nothing of a source that fails, and passes its error on', async () => {
    await using harness = await open(roomy)
    const failure = new Error('the source broke')
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf(mebibyte + 1)
      throw failure
    }
    await assert.rejects(harness.store.put(source(), { maxBytes: roomy }, never), failure)
    assert.equal(await harness.store.usedBytes(), 0)
  })

  it('keeps nothing of a put that is aborted, and lets the source go', async () => {
    await using harness = await open(roomy)
    const abort = new AbortController()
    const reason = new Error('no longer needed')
    let released = false
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield bytesOf(mebibyte)
        abort.abort(reason)
        yield bytesOf(mebibyte)
        yield bytesOf(mebibyte)
      } finally {
        released = true
      }
    }
    await assert.rejects(harness.store.put(source(), { maxBytes: roomy }, abort.signal), reason)
    assert.ok(released)
    assert.equal(await harness.store.usedBytes(), 0)
    const { root } = await put(harness.store, bytesOf(5))
    await assert.rejects(collect(harness.store.read(root, {}, abort.signal)), reason)
  })
}

function pinSuite(open: Open): void {
  it('evicts what was used longest ago, and reading is using', async () => {
    await using harness = await open(forThree)
    const { store } = harness
    const [a, b, c] = [
      await put(store, blobNumber(1)),
      await put(store, blobNumber(2)),
      await put(store, blobNumber(3)),
    ]
    await read(store, a.root)
    const d = await put(store, blobNumber(4))
    assert.deepEqual(await held(store, [a, b, c, d]), [true, false, true, true])
    await put(store, blobNumber(3))
    const e = await put(store, blobNumber(5))
    assert.deepEqual(await held(store, [a, c, d, e]), [false, true, true, true])
  })

  it('never holds more than its cap', async () => {
    await using harness = await open(forThree)
    for (let i = 0; i < 8; i++) {
      await put(harness.store, blobNumber(i))
      assert.ok((await harness.store.usedBytes()) <= forThree)
    }
  })

  it('never evicts what is pinned, and refuses when nothing else is left', async () => {
    await using harness = await open(forThree)
    const { store } = harness
    const a = await put(store, blobNumber(1), { owner: 'job' })
    const b = await put(store, blobNumber(2))
    await store.pin(b.root, 'shard')
    const c = await put(store, blobNumber(3))
    for (let i = 4; i < 8; i++) await put(store, blobNumber(i))
    assert.deepEqual(await held(store, [a, b, c]), [true, true, false])
    await rejectsWith('storage-full', put(store, bytesOf(2 * mebibyte)))
    await put(store, blobNumber(9), { owner: 'job' })
    await rejectsWith('storage-full', put(store, blobNumber(10)))
    await store.release('job')
    await put(store, bytesOf(2 * mebibyte))
    assert.deepEqual(await held(store, [a, b]), [false, true])
  })

  it('keeps a blob until its last owner lets go', async () => {
    await using harness = await open(forThree)
    const { store } = harness
    const a = await put(store, blobNumber(1), { owner: 'one' })
    await put(store, blobNumber(1), { owner: 'two' })
    await store.pin(a.root, 'two')
    await store.release('one')
    for (let i = 2; i < 6; i++) await put(store, blobNumber(i))
    assert.ok(await store.has(a.root))
    await store.release('two')
    for (let i = 6; i < 10; i++) await put(store, blobNumber(i))
    assert.equal(await store.has(a.root), false)
  })

  it('refuses a blob larger than its cap and keeps what it has', async () => {
    await using harness = await open(forThree)
    const a = await put(harness.store, blobNumber(1), { owner: 'job' })
    await rejectsWith('storage-full', put(harness.store, bytesOf(4 * mebibyte)))
    assert.ok(await harness.store.has(a.root))
    await put(harness.store, blobNumber(2))
  })
}

async function put(
  store: BlobStore,
  bytes: Uint8Array,
  options: Partial<PutBlobOptions> & { readonly piece?: number } = {},
): Promise<BlobRef> {
  const { piece = 65_536, maxBytes = byteCount(64 * mebibyte), ...rest } = options
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < bytes.length; offset += piece) yield bytes.subarray(offset, offset + piece)
  }
  return store.put(source(), { maxBytes, ...rest }, never)
}

async function read(store: BlobStore, root: BlobRoot, offset = 0): Promise<Uint8Array> {
  return collect(store.read(root, { offset: byteCount(offset) }, never))
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return concatBytes(...parts)
}

async function held(store: BlobStore, refs: readonly BlobRef[]): Promise<readonly boolean[]> {
  return Promise.all(refs.map(async ({ root }) => store.has(root)))
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    if (isMarketError(error) && error.code === code) return true
    throw new Error(`expected ${code}`, { cause: error })
  })
}

function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length)
  assert.ok(Buffer.compare(actual, expected) === 0, 'the bytes differ')
}

/** 1 MiB, different for each number. */
const blobNumber = (n: number): Uint8Array => new Uint8Array(mebibyte).fill(n)

/** Bytes that differ from place to place, equal for equal sizes. */
function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff
  return bytes
}

const never = new AbortController().signal
