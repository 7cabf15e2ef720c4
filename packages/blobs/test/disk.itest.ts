/** What is on the disk: after a restart, a crash, a flipped bit. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { BlobStore } from '@assay/core'
import { blobChunkBytes, byteCount, concatBytes, createBlobHasher, hashBlob, isMarketError } from '@assay/protocol'
import type { BlobRef, BlobRoot, ChunkList, ErrorCode } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { openBlobStore } from '../src/index.ts'
import { makeTempFolder, openTempStore } from './open-temp-store.ts'

const mebibyte = blobChunkBytes
const roomy = byteCount(1024 * mebibyte)

describe('a store on disk', { timeout: 120_000 }, () => {
  it('keeps blobs, their order of use and pins over a restart', async () => {
    await using folder = await makeTempFolder()
    const clock = createFakeClock()
    const options = { dir: folder.dir, capBytes: byteCount(3.5 * mebibyte), clock }
    const refs: BlobRef[] = []
    {
      await using store = await openBlobStore(options)
      for (const n of [1, 2, 3]) {
        refs.push(await put(store, blobNumber(n)))
        await clock.advance(1000)
      }
      await store.pin(at(refs, 1).root, 'job')
      await read(store, at(refs, 0).root)
    }
    {
      await using store = await openBlobStore(options)
      assert.deepEqual(await read(store, at(refs, 1).root), blobNumber(2))
      await put(store, blobNumber(4))
      assert.deepEqual(await held(store, refs), [true, true, false])
      await put(store, blobNumber(5))
      assert.deepEqual(await held(store, refs), [false, true, false])
      await store.release('job')
    }
    await using store = await openBlobStore(options)
    for (const n of [6, 7, 8]) await put(store, blobNumber(n))
    assert.deepEqual(await held(store, refs), [false, false, false])
  })

  it('lets nobody else in', async () => {
    await using folder = await makeTempFolder()
    await using store = await openBlobStore({ dir: join(folder.dir, 'new', 'store'), capBytes: roomy })
    const { root } = await put(store, blobNumber(1), 'job')
    const path = await store.pathOf(root)
    for (const file of [path, `${path}.list`]) assert.equal((await stat(file)).mode & 0o777, 0o600)
    for (let dir = dirname(path); dir !== folder.dir; dir = dirname(dir))
      assert.equal((await stat(dir)).mode & 0o777, 0o700, dir)
  })

  it('loses nothing that was stored and keeps nothing half written when it is killed', async () => {
    await using folder = await makeTempFolder()
    const child = fork(new URL('killed-writer.ts', import.meta.url), [folder.dir], { stdio: 'inherit' })
    const [message] = (await once(child, 'message')) as [{ readonly root: BlobRoot }]
    assert.equal((await readdir(join(folder.dir, 'temp'))).length, 1)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
    assert.deepEqual(await readdir(join(folder.dir, 'temp')), [])
    assert.deepEqual(await read(store, message.root), blobNumber(1))
    assert.equal(await store.usedBytes(), mebibyte + 8 + 32)
  })

  it('clears files that a crash left without their other half', async () => {
    await using folder = await makeTempFolder()
    const refs: BlobRef[] = []
    const paths: string[] = []
    {
      await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
      for (const n of [1, 2, 3, 4, 5]) {
        refs.push(await put(store, blobNumber(n)))
        paths.push(await store.pathOf(at(refs, n - 1).root))
      }
    }
    await rm(at(paths, 0))
    await rm(`${at(paths, 1)}.list`)
    await truncate(at(paths, 2), 1000)
    await writeFile(`${at(paths, 3)}.list`, 'not a list')
    await writeFile(join(dirname(at(paths, 4)), 'stranger'), 'x')
    await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
    assert.deepEqual(await held(store, refs), [false, false, false, false, true])
    for (const path of paths.slice(0, 4))
      for (const file of [path, `${path}.list`]) await assert.rejects(stat(file), { code: 'ENOENT' })
    assert.deepEqual(await put(store, blobNumber(1)), at(refs, 0))
  })

  it('evicts on opening when its cap was lowered, and refuses when pins exceed it', async () => {
    await using folder = await makeTempFolder()
    const refs: BlobRef[] = []
    {
      await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
      for (const n of [1, 2, 3]) refs.push(await put(store, blobNumber(n), n === 1 ? 'job' : undefined))
    }
    {
      await using store = await openBlobStore({ dir: folder.dir, capBytes: byteCount(1.5 * mebibyte) })
      assert.deepEqual(await held(store, refs), [true, false, false])
    }
    await rejectsWith('storage-full', openBlobStore({ dir: folder.dir, capBytes: byteCount(mebibyte) }))
  })

  it('notices a flipped bit on reading, when asked to check, and drops the blob', async () => {
    await using temp = await openTempStore({ verifyReads: true })
    for (const offset of [0, mebibyte - 1, mebibyte, 2 * mebibyte + 99]) {
      const bytes = bytesOf(2 * mebibyte + 100)
      const { root } = await put(temp.store, bytes)
      await flip(await temp.store.pathOf(root), offset)
      await rejectsWith('blob-mismatch', read(temp.store, root))
      assert.equal(await temp.store.has(root), false)
      assert.equal(await temp.store.usedBytes(), 0)
    }
  })

  it('takes a blob with a damaged list or a short file for one that it does not hold', async () => {
    await using temp = await openTempStore()
    const first = await put(temp.store, blobNumber(1))
    await flip(`${await temp.store.pathOf(first.root)}.list`, 20)
    assert.equal(await temp.store.list(first.root), undefined)
    assert.equal(await temp.store.has(first.root), false)
    const second = await put(temp.store, blobNumber(2))
    await truncate(await temp.store.pathOf(second.root), 10)
    await rejectsWith('blob-mismatch', read(temp.store, second.root))
    assert.equal(await temp.store.has(second.root), false)
  })

  it('holds a blob that is being read while it is evicted', async () => {
    await using temp = await openTempStore({ capBytes: byteCount(3.5 * mebibyte) })
    const bytes = bytesOf(3 * mebibyte)
    const { root } = await put(temp.store, bytes)
    const parts: Uint8Array[] = []
    for await (const part of temp.store.read(root, {}, never)) {
      parts.push(part)
      if (parts.length === 1) await put(temp.store, blobNumber(9))
    }
    assert.equal(await temp.store.has(root), false)
    assert.ok(Buffer.compare(concatBytes(...parts), bytes) === 0)
  })

  it('never holds a whole blob in memory', async () => {
    await using folder = await makeTempFolder()
    const child = fork(new URL('large-blob.ts', import.meta.url), [folder.dir], { stdio: 'inherit' })
    const [peak] = (await once(child, 'message')) as [{ readonly blobBytes: number; readonly grownBytes: number }]
    assert.ok(peak.grownBytes < peak.blobBytes / 2, `grew by ${peak.grownBytes} for ${peak.blobBytes}`)
  })
})

describe('an unfinished copy', { timeout: 120_000 }, () => {
  it('goes on where it was put down, also after a restart', async () => {
    await using folder = await makeTempFolder()
    const { ref, list, chunks } = await blobOf(3 * mebibyte + 5)
    {
      await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
      await using copy = await store.resume(ref, {}, never)
      assert.ok(copy)
      assert.equal(copy.held, 0)
      await copy.begin(list)
      await copy.append(at(chunks, 0))
      await copy.append(at(chunks, 1))
      await rejectsWith('blob-mismatch', copy.append(at(chunks, 1)))
      assert.equal(copy.held, 2)
    }
    // What a crash may leave behind the chunks that were synced.
    await writeFile(join(folder.dir, 'partial', ref.root.slice(2)), new Uint8Array(3 * mebibyte), { flag: 'a' })
    await using store = await openBlobStore({ dir: folder.dir, capBytes: roomy })
    {
      await using copy = await store.resume(ref, { owner: 'job' }, never)
      assert.equal(copy?.held, 2)
      await copy.append(at(chunks, 2))
      await copy.append(at(chunks, 3))
      await copy.commit()
    }
    assert.ok(Buffer.compare(await read(store, ref.root), concatBytes(...chunks)) === 0)
    assert.equal(await store.usedBytes(), ref.size + 8 + 32 * 4)
    assert.equal((await stat(await store.pathOf(ref.root))).size, ref.size)
    assert.deepEqual(await readdir(join(folder.dir, 'partial')), [])
    assert.equal(await store.resume(ref, {}, never), undefined)
  })

  it('drops chunks that were damaged on disk', async () => {
    await using temp = await openTempStore()
    const { ref, list, chunks } = await blobOf(3 * mebibyte)
    {
      await using copy = await temp.store.resume(ref, {}, never)
      await copy?.begin(list)
      for (const chunk of chunks) await copy?.append(chunk)
    }
    await flip(join(temp.dir, 'partial', ref.root.slice(2)), mebibyte + 7)
    {
      await using copy = await temp.store.resume(ref, {}, never)
      assert.equal(copy?.held, 1)
    }
    assert.equal(await temp.store.usedBytes(), mebibyte + 8 + 3 * 32)
  })

  it('is worked on by one caller at a time', async () => {
    await using temp = await openTempStore()
    const { ref, list, chunks } = await blobOf(mebibyte)
    const first = await temp.store.resume(ref, {}, never)
    const abort = new AbortController()
    const reason = new Error('no longer needed')
    const impatient = assert.rejects(temp.store.resume(ref, {}, abort.signal), reason)
    const second = temp.store.resume(ref, { owner: 'job' }, never)
    abort.abort(reason)
    await impatient
    await first?.begin(list)
    await first?.append(at(chunks, 0))
    await first?.commit()
    await first?.[Symbol.asyncDispose]()
    assert.equal(await second, undefined)
    assert.ok(await temp.store.has(ref.root))
  })

  it('makes way for blobs, counts towards the cap, and leaves nothing when its list is wrong', async () => {
    await using temp = await openTempStore({ capBytes: byteCount(3.5 * mebibyte) })
    const { ref, list, chunks } = await blobOf(3 * mebibyte)
    {
      await using copy = await temp.store.resume(ref, {}, never)
      await rejectsWith('blob-mismatch', Promise.resolve(copy?.begin({ ...list, chunks: list.chunks.toReversed() })))
    }
    assert.equal(await temp.store.usedBytes(), 0)
    {
      await using copy = await temp.store.resume(ref, {}, never)
      await copy?.begin(list)
      for (const chunk of chunks.slice(0, 2)) await copy?.append(chunk)
      await put(temp.store, blobNumber(1), 'job')
      await rejectsWith('storage-full', Promise.resolve(copy?.append(at(chunks, 2))))
    }
    assert.ok((await temp.store.usedBytes()) > 3 * mebibyte)
    await put(temp.store, blobNumber(2))
    assert.deepEqual(await readdir(join(temp.dir, 'partial')), [])
    assert.equal(await temp.store.usedBytes(), 2 * (mebibyte + 8 + 32))
  })
})

async function put(store: BlobStore, bytes: Uint8Array, owner?: string): Promise<BlobRef> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return store.put(source(), { maxBytes: roomy, ...(owner === undefined ? {} : { owner }) }, never)
}

async function read(store: BlobStore, root: BlobRoot): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of store.read(root, {}, never)) parts.push(part)
  return concatBytes(...parts)
}

async function held(store: BlobStore, refs: readonly BlobRef[]): Promise<readonly boolean[]> {
  return Promise.all(refs.map(async ({ root }) => store.has(root)))
}

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    await file.read(byte, 0, 1, offset)
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, offset)
  } finally {
    await file.close()
  }
}

interface Sample {
  readonly ref: BlobRef
  readonly list: ChunkList
  readonly chunks: readonly Uint8Array[]
}

async function blobOf(size: number): Promise<Sample> {
  const bytes = bytesOf(size)
  const hasher = createBlobHasher()
  await hasher.update(bytes)
  const { root, list } = await hasher.digest()
  const chunks = list.chunks.map((_, i) => bytes.slice(i * mebibyte, (i + 1) * mebibyte))
  assert.equal(root, (await hashBlob(bytes)).root)
  return { ref: { root, size: list.size }, list, chunks }
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    if (isMarketError(error) && error.code === code) return true
    throw new Error(`expected ${code}`, { cause: error })
  })
}

function at<T>(items: readonly T[], index: number): T {
  return items[index] ?? assert.fail(`no item ${index}`)
}

const blobNumber = (n: number): Uint8Array => new Uint8Array(mebibyte).fill(n)

function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff
  return bytes
}

const never = new AbortController().signal
