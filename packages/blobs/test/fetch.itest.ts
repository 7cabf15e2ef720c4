/** Fetching on a fake network: honest, cut, and lied to. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BlobStore, Network } from '@assay/core'
import {
  asHash,
  byteCount,
  bytesToHex,
  concatBytes,
  createBlobHasher,
  encodeFrame,
  isMarketError,
  type BlobRef,
  type BlobRoot,
  type ErrorCode,
} from '@assay/protocol'
import { createFakeBlobStore, type FrameInFlight } from '@assay/testkit'
import { blobProtocol, fetchBlob, serveBlobs } from '../src/index.ts'
import { openTempStore } from './open-temp-store.ts'
import {
  assertBytes,
  bytesOf,
  mebibyte,
  never,
  openWorld,
  put,
  read,
  rejectsWith,
  roomy,
  saying,
  sizes,
  type World,
} from './open-world.ts'

describe('fetching a blob', { timeout: 120_000 }, () => {
  it('brings the same bytes, whatever their size', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    for (const size of sizes) {
      const ref = await put(world.source, bytesOf(size))
      assert.deepEqual(await fetch(world, ref), ref)
      assertBytes(await read(world.sink.store, ref.root), bytesOf(size))
    }
  })

  it('works into a store that cannot resume', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const store = createFakeBlobStore(byteCount(5 * mebibyte))
    for (const size of [0, 1, 2 * mebibyte + 1]) {
      const ref = await put(world.source, bytesOf(size))
      await fetch(world, ref, { store, owner: 'job' })
      assertBytes(await read(store, ref.root), bytesOf(size))
    }
    const large = await put(world.source, bytesOf(4 * mebibyte))
    await rejectsWith('storage-full', fetch(world, large, { store }))
    world.source.damage(large.root, 3 * mebibyte)
    await rejectsWith('blob-mismatch', fetch(world, large, { store }))
    assert.equal(await store.has(large.root), false)
  })

  it('asks nobody for what is there, and pins it', async () => {
    await using world = await openWorld({ capBytes: byteCount(2.5 * mebibyte) })
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const ref = await put(world.source, bytesOf(mebibyte))
    await fetch(world, ref)
    world.hub.partition(world.client.self.address, world.server.self.address)
    assert.deepEqual(await fetch(world, ref, { owner: 'job' }), ref)
    for (const n of [1, 2, 3]) await put(world.sink.store, new Uint8Array(mebibyte).fill(n))
    assert.ok(await world.sink.store.has(ref.root))
  })

  it('goes on after a cut with the first chunk that is missing', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const ref = await put(world.source, bytesOf(6 * mebibyte + 3))
    const frames: FrameInFlight[] = []
    const fromServer = (frame: FrameInFlight): boolean => frame.from === world.server.self.address
    // Frame 0 is the list, so the first try brings four chunks, the second none, the third the rest.
    for (const cutAt of [5, 1, undefined]) {
      world.hub.intercept((frame) => {
        if (fromServer(frame)) frames.push(frame)
        return fromServer(frame) && frame.index === cutAt ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 }
      })
      if (cutAt === undefined) await fetch(world, ref)
      else await rejectsWith('stream-closed', fetch(world, ref))
    }
    assertBytes(await read(world.sink.store, ref.root), bytesOf(6 * mebibyte + 3))
    const chunks = frames.filter(({ index }) => index > 0)
    const last = chunks.slice(-3).map(({ bytes }) => bytes.length)
    assert.deepEqual(last, [mebibyte, mebibyte, 3])
    assert.ok(chunks.length < 7 + 7, `${chunks.length} chunks were sent`)
  })

  it('goes on from another peer after wrong bytes, and names who sent them', async () => {
    await using world = await openWorld()
    const other = world.open()
    const honest = createFakeBlobStore()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    await serveBlobs(other, honest, { authorize: () => true })
    const ref = await put(world.source, bytesOf(3 * mebibyte))
    await put(honest, bytesOf(3 * mebibyte))
    world.source.damage(ref.root, 2 * mebibyte + 12)
    await assert.rejects(fetch(world, ref), (error) => {
      assert.ok(isMarketError(error) && error.code === 'blob-mismatch')
      assert.equal(error.details['peer'], world.server.self.publicKey)
      assert.equal(error.details['chunk'], 2)
      return true
    })
    const asked: FrameInFlight[] = []
    world.hub.intercept((frame) => {
      if (frame.from === other.self.address) asked.push(frame)
      return { kind: 'deliver', delayMs: 0 }
    })
    await fetch(world, ref, { peer: other })
    assert.equal(asked.length, 2, 'the list and one chunk')
    assertBytes(await read(world.sink.store, ref.root), bytesOf(3 * mebibyte))
  })

  it('never stores a blob with a wrong byte, at any offset', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const size = 2 * mebibyte + 1000
    const ref = await put(world.source, bytesOf(size))
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), async (offset) => {
        await using sink = await openTempStore()
        world.source.damage(ref.root, offset)
        await rejectsWith('blob-mismatch', fetch(world, ref, { store: sink.store }))
        assert.equal(await sink.store.has(ref.root), false)
        world.source.damage(ref.root, offset)
        await fetch(world, ref, { store: sink.store })
      }),
      { numRuns: 8 },
    )
  })

  it('believes no list, no size and no chunk that a peer makes up', async () => {
    const bytes = bytesOf(2 * mebibyte + 5)
    const hasher = createBlobHasher()
    await hasher.update(bytes)
    const { root, size, list } = await hasher.digest()
    const hashes = list.chunks.map(bytesToHex)
    const listFrame = (chunks: readonly string[], claimed: number = size): Uint8Array =>
      encodeFrame({ type: 'blob', size: claimed, chunks: `0x${chunks.map((one) => one.slice(2)).join('')}` })
    const chunk = (i: number): Uint8Array => bytes.slice(i * mebibyte, (i + 1) * mebibyte)
    const lies: readonly (readonly [ErrorCode, readonly Uint8Array[]])[] = [
      ['blob-mismatch', [listFrame(hashes.toReversed())]],
      ['blob-mismatch', [listFrame([...hashes.slice(0, 2), bytesToHex(new Uint8Array(32))])]],
      ['blob-mismatch', [listFrame(hashes, size + 1)]],
      ['message-malformed', [listFrame(hashes.slice(1))]],
      ['message-malformed', [listFrame(hashes, 2 ** 40)]],
      ['message-malformed', [new TextEncoder().encode('{"type":"blob"}')]],
      ['message-malformed', [new Uint8Array(100)]],
      ['blob-mismatch', [listFrame(hashes), chunk(1)]],
      ['blob-mismatch', [listFrame(hashes), chunk(0).subarray(1)]],
      ['blob-mismatch', [listFrame(hashes), new Uint8Array(0)]],
      ['blob-mismatch', [listFrame(hashes), concatBytes(chunk(0), Uint8Array.of(0))]],
      ['stream-closed', [listFrame(hashes), chunk(0), chunk(1)]],
      ['stream-closed', []],
    ]
    for (const [code, frames] of lies) {
      await using world = await openWorld()
      await world.server.handle(blobProtocol, saying(frames))
      await rejectsWith(code, fetch(world, { root, size }))
      assert.equal(await world.sink.store.has(root), false)
    }
  })

  it('is done with the last chunk, whether the peer goes on or never ends', async () => {
    for (const extra of [[bytesOf(10), bytesOf(10)], []]) {
      await using world = await openWorld()
      const ref = await put(world.source, bytesOf(10))
      const list = await world.source.list(ref.root)
      const chunks = bytesToHex(concatBytes(...(list?.chunks ?? [])))
      await world.server.handle(blobProtocol, async (stream, _remote, signal) => {
        await stream.receive(signal)
        for (const frame of [encodeFrame({ type: 'blob', size: 10, chunks }), bytesOf(10), ...extra])
          await stream.send(frame, signal)
        await Promise.withResolvers<void>().promise
      })
      assert.deepEqual(await fetch(world, ref), ref)
      assert.equal(world.hub.openStreams(), 0)
    }
  })

  it('refuses before asking when the blob is too large', async () => {
    await using world = await openWorld()
    const ref = await put(world.source, bytesOf(1001))
    await rejectsWith('blob-too-large', fetch(world, ref, { maxBytes: 1000 }))
    assert.equal(world.hub.openStreams(), 0)
  })

  it('says what the peer says: unknown, or not for you, without telling which blobs exist', async () => {
    await using world = await openWorld()
    const stored = await put(world.source, bytesOf(10))
    const missing: BlobRef = { root: asHash<BlobRoot>(`0x${'ab'.repeat(32)}`), size: byteCount(10) }
    const [open, closed] = [world.open(), world.open()]
    await serveBlobs(open, world.source, { authorize: async () => true })
    await serveBlobs(closed, world.source, {
      authorize: (peer, root) => peer === world.server.self && root === stored.root,
    })
    await rejectsWith('blob-unknown', fetch(world, missing, { peer: open }))
    for (const ref of [stored, missing]) await rejectsWith('unauthorized', fetch(world, ref, { peer: closed }))
    await rejectsWith('protocol-unsupported', fetch(world, stored))
  })

  it('serves each chunk once to callers that fetch the same blob at the same time', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const ref = await put(world.source, bytesOf(3 * mebibyte))
    let chunks = 0
    world.hub.intercept(({ from, bytes }) => {
      if (from === world.server.self.address && bytes.length === mebibyte) chunks += 1
      return { kind: 'deliver', delayMs: 0 }
    })
    await Promise.all([fetch(world, ref), fetch(world, ref), fetch(world, ref)])
    assert.equal(chunks, 3)
  })

  it('stops when told to, and goes on later', async () => {
    await using world = await openWorld()
    await serveBlobs(world.server, world.source, { authorize: () => true })
    const ref = await put(world.source, bytesOf(4 * mebibyte))
    const abort = new AbortController()
    const reason = new Error('no longer needed')
    world.hub.intercept(({ index }) => {
      if (index === 2) abort.abort(reason)
      return { kind: 'deliver', delayMs: 0 }
    })
    await assert.rejects(fetch(world, ref, { signal: abort.signal }), reason)
    assert.equal(world.hub.openStreams(), 0)
    await fetch(world, ref)
  })
})

interface FetchPlan {
  readonly peer?: Network
  readonly store?: BlobStore
  readonly maxBytes?: number
  readonly owner?: string
  readonly signal?: AbortSignal
}

async function fetch({ client, server, sink }: World, ref: BlobRef, plan: FetchPlan = {}): Promise<BlobRef> {
  const { peer = server, store = sink.store, maxBytes = roomy, owner, signal = never } = plan
  const options = { maxBytes: byteCount(maxBytes), ...(owner === undefined ? {} : { owner }) }
  return fetchBlob(client, peer.self.publicKey, ref, store, options, signal)
}
