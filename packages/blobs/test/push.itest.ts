/** Pushing on a fake network: honest, cut, and lied to. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asHash, byteCount, encodeFrame, type BlobRef, type BlobRoot, type ErrorCode } from '@assay/protocol'
import { blobPutProtocol, pushBlob, servePushes } from '../src/index.ts'
import {
  assertBytes,
  bytesOf,
  mebibyte,
  never,
  openWorld,
  put,
  read,
  rejectsWith,
  saying,
  sizes,
  type World,
} from './open-world.ts'

describe('pushing a blob', { timeout: 120_000 }, () => {
  it('stores the same bytes at the peer, whatever their size, and only then returns', async () => {
    await using world = await openWorld()
    await servePushes(world.server, world.sink.store, { authorize: (_peer, _ref, ticket) => ticket === 'lease 7' })
    for (const size of sizes) {
      const ref = await put(world.source, bytesOf(size))
      await push(world, ref)
      assertBytes(await read(world.sink.store, ref.root), bytesOf(size))
      await push(world, ref)
    }
    assert.equal(world.hub.openStreams(), 0)
  })

  it('goes on after a cut with the first chunk that the peer lacks', async () => {
    await using world = await openWorld()
    await servePushes(world.server, world.sink.store, { authorize: () => true })
    const ref = await put(world.source, bytesOf(5 * mebibyte))
    let sent = 0
    for (const cutAt of [5, undefined]) {
      sent = 0
      world.hub.intercept(({ from, index, bytes }) => {
        if (from !== world.client.self.address) return { kind: 'deliver', delayMs: 0 }
        if (bytes.length === mebibyte) sent += 1
        return index === cutAt ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 }
      })
      if (cutAt === undefined) await push(world, ref)
      else await rejectsWith('stream-closed', push(world, ref))
    }
    assert.equal(sent, 2)
    assertBytes(await read(world.sink.store, ref.root), bytesOf(5 * mebibyte))
  })

  it('hands who, what and why to the peer, which pins what it takes', async () => {
    await using world = await openWorld({ capBytes: byteCount(2.5 * mebibyte) })
    const asked: unknown[] = []
    await servePushes(world.server, world.sink.store, {
      authorize(peer, { root, size }, ticket) {
        asked.push([peer.address, root, size, ticket])
        return Promise.resolve(true)
      },
      owner: (_peer, _ref, ticket) => ticket,
    })
    const ref = await put(world.source, bytesOf(mebibyte))
    await push(world, ref)
    assert.deepEqual(asked, [[world.client.self.address, ref.root, ref.size, 'lease 7']])
    for (const n of [1, 2, 3]) await put(world.sink.store, new Uint8Array(mebibyte).fill(n))
    assert.ok(await world.sink.store.has(ref.root))
    await rejectsWith('storage-full', push(world, await put(world.source, bytesOf(2 * mebibyte))))
  })

  it('is refused when nobody expects it, when it is too large, when it is not there', async () => {
    await using world = await openWorld()
    await servePushes(world.server, world.sink.store, { authorize: (_peer, { size }) => size < 100 })
    await rejectsWith('unauthorized', push(world, await put(world.source, bytesOf(100))))
    const missing: BlobRef = { root: asHash<BlobRoot>(`0x${'ab'.repeat(32)}`), size: byteCount(10) }
    await rejectsWith('blob-unknown', push(world, missing))
    assert.equal(await world.sink.store.usedBytes(), 0)
  })

  it('is refused chunk by chunk when the bytes are wrong', async () => {
    await using world = await openWorld()
    await servePushes(world.server, world.sink.store, { authorize: () => true })
    const ref = await put(world.source, bytesOf(3 * mebibyte))
    world.source.damage(ref.root, mebibyte + 1)
    await rejectsWith('blob-mismatch', push(world, ref))
    assert.equal(await world.sink.store.has(ref.root), false)
    world.source.damage(ref.root, mebibyte + 1)
    await push(world, ref)
  })

  it('stops sending when the peer says no', async () => {
    await using world = await openWorld()
    let frames = 0
    await world.server.handle(blobPutProtocol, async (stream, _remote, signal) => {
      await stream.receive(signal)
      await stream.send(encodeFrame({ type: 'go', first: 0 }), signal)
      const error = { code: 'storage-full', message: 'full', blame: 'provider', details: {} }
      await stream.send(encodeFrame({ type: 'error', error }), signal)
      while ((await stream.receive(signal)) !== undefined) frames += 1
    })
    const ref = await put(world.source, bytesOf(40 * mebibyte))
    await rejectsWith('storage-full', push(world, ref))
    assert.ok(frames < 20, `${frames} frames were sent`)
  })

  it('survives a peer that talks nonsense', async () => {
    const reply = (message: object): Uint8Array => encodeFrame(message)
    const lies: readonly (readonly [ErrorCode, readonly Uint8Array[]])[] = [
      ['message-malformed', [reply({ type: 'go' })]],
      ['message-malformed', [reply({ type: 'go', first: 0 }), reply({ type: 'go', first: 0 })]],
      ['stream-closed', [reply({ type: 'go', first: 0 })]],
      [
        'stream-closed',
        [reply({ type: 'error', error: { code: 'internal', message: '', blame: 'client', details: {} } })],
      ],
      ['stream-closed', []],
    ]
    for (const [code, frames] of lies) {
      await using world = await openWorld()
      await world.server.handle(blobPutProtocol, saying(frames))
      await rejectsWith(code, push(world, await put(world.source, bytesOf(10))))
    }
  })

  it('cannot make a receiver keep what was not offered', async () => {
    await using world = await openWorld()
    await servePushes(world.server, world.sink.store, { authorize: () => true })
    const offers: readonly Uint8Array[] = [
      encodeFrame({ type: 'put', root: `0x${'ab'.repeat(32)}`, size: 2 ** 50, ticket: '' }),
      encodeFrame({ type: 'put', root: '0x../../etc', size: 10, ticket: '' }),
      encodeFrame({ type: 'put', root: `0x${'ab'.repeat(32)}`, size: 10, ticket: 'x'.repeat(2000) }),
      new Uint8Array(50),
    ]
    for (const offer of offers) {
      const stream = await world.client.open(world.server.self.publicKey, blobPutProtocol, never)
      await stream.send(offer, never)
      await stream.end()
      const answer = await stream.receive(never).catch((error: unknown) => error)
      assert.ok(!(answer instanceof Uint8Array) || /"type":"error"/.test(new TextDecoder().decode(answer)))
    }
    assert.equal(await world.sink.store.usedBytes(), 0)
  })
})

const push = async ({ client, server, source }: World, ref: BlobRef): Promise<void> =>
  pushBlob(client, server.self.publicKey, ref, 'lease 7', source, never)
