/** Blobs over real streams: what the fake network cannot show, such as windows that fill up. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Network } from '@assay/core'
import { asHash, byteCount, bytesToHex, type PrivateKey } from '@assay/protocol'
import { openNetwork } from '@assay/p2p'
import { createFakeBlobStore } from '@assay/testkit'
import { fetchBlob, pushBlob, serveBlobs, servePushes } from '../src/index.ts'
import { openTempStore } from './open-temp-store.ts'
import { assertBytes, bytesOf, mebibyte, put, read, rejectsWith } from './open-world.ts'

describe('blobs over libp2p', { timeout: 120_000 }, () => {
  it('are fetched and pushed, many at once', async () => {
    await using server = await openNode()
    await using client = await openNode()
    await using disk = await openTempStore()
    const source = createFakeBlobStore()
    await serveBlobs(server, source, { authorize: (peer) => peer.address === client.self.address })
    await servePushes(server, source, { authorize: (_peer, _ref, ticket) => ticket === 'lease 7' })
    const { publicKey } = await client.connect(server.addresses()[0] ?? '', deadline())
    const maxBytes = byteCount(64 * mebibyte)
    const fetched = [0, 1, mebibyte + 1, 40 * mebibyte].map(async (size) => {
      const ref = await put(source, bytesOf(size))
      await fetchBlob(client, publicKey, ref, disk.store, { maxBytes }, deadline())
      assertBytes(await read(disk.store, ref.root), bytesOf(size))
    })
    const pushed = [2, mebibyte - 1, 20 * mebibyte].map(async (size) => {
      const ref = await put(disk.store, bytesOf(size))
      await pushBlob(client, publicKey, ref, 'lease 7', disk.store, deadline())
      assertBytes(await read(source, ref.root), bytesOf(size))
    })
    await Promise.all([...fetched, ...pushed])
  })

  it('are refused with the reason, also while they are being sent', async () => {
    await using server = await openNode()
    await using client = await openNode()
    const [source, sink] = [createFakeBlobStore(), createFakeBlobStore()]
    await serveBlobs(server, sink, { authorize: () => false })
    await servePushes(server, sink, { authorize: (_peer, _ref, ticket) => ticket === 'lease 7' })
    const { publicKey } = await client.connect(server.addresses()[0] ?? '', deadline())
    const ref = await put(source, bytesOf(20 * mebibyte))
    const options = { maxBytes: ref.size }
    await rejectsWith('unauthorized', fetchBlob(client, publicKey, ref, sink, options, deadline()))
    await rejectsWith('unauthorized', pushBlob(client, publicKey, ref, 'lease 8', source, deadline()))
    source.damage(ref.root, 2 * mebibyte)
    await rejectsWith('blob-mismatch', pushBlob(client, publicKey, ref, 'lease 7', source, deadline()))
    assert.equal(await sink.has(ref.root), false)
  })
})

const openNode = async (): Promise<Network> =>
  openNetwork(
    { privateKey: asHash<PrivateKey>(bytesToHex(randomBytes(32))) },
    { listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap: [], dhtMode: 'server', privateNetwork: true },
  )

const deadline = (): AbortSignal => AbortSignal.timeout(60_000)
