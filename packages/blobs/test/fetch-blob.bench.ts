/**
 * How fast a blob comes in, against frames of the same size over a bare stream in the same run. Two processes over
 * loopback; the figure includes hashing, writing and syncing. Run: node packages/blobs/test/fetch-blob.bench.ts
 */
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Network } from '@assay/core'
import { asHash, blobChunkBytes, byteCount, bytesToHex, type BlobRef, type PrivateKey } from '@assay/protocol'
import { openNetwork } from '@assay/p2p'
import { fetchBlob, openBlobStore, serveBlobs } from '../src/index.ts'
import { makeTempFolder, openTempStore } from './open-temp-store.ts'

const chunks = 256
const megabytes = (chunks * blobChunkBytes) / 1e6
const never = new AbortController().signal

interface Ready {
  readonly address: string
  readonly ref: BlobRef
}

if (process.argv[2] === 'serve') await serve(process.argv[3] ?? '')
else await measure()

async function serve(dir: string): Promise<void> {
  const [node, store] = [await openNode(), await openBlobStore({ dir, capBytes: byteCount(1e10) })]
  await serveBlobs(node, store, { authorize: () => true })
  await node.handle('/assay/bare/1', async (stream, _remote, signal) => {
    await stream.receive(signal)
    const chunk = randomBytes(blobChunkBytes)
    for (let i = 0; i < chunks; i++) await stream.send(chunk, signal)
  })
  const ref = await store.put(pieces(), { maxBytes: byteCount(1e10) }, never)
  process.send?.({ address: node.addresses()[0] ?? '', ref } satisfies Ready)
}

async function measure(): Promise<void> {
  await using folder = await makeTempFolder()
  const child = fork(new URL(import.meta.url), ['serve', folder.dir], { stdio: 'inherit' })
  try {
    const [{ address, ref }] = (await once(child, 'message')) as [Ready]
    await using node = await openNode()
    await using sink = await openTempStore()
    const { publicKey } = await node.connect(address, never)
    for (let round = 1; round <= 3; round++) {
      const bare = await timed(async () => {
        const stream = await node.open(publicKey, '/assay/bare/1', never)
        await stream.send(new Uint8Array(1), never)
        await stream.end()
        while ((await stream.receive(never)) !== undefined);
      })
      await using temp = await openTempStore()
      const fetched = await timed(async () => {
        await fetchBlob(node, publicKey, ref, temp.store, { maxBytes: ref.size }, never)
      })
      const stored = await timed(async () => {
        await sink.store.put(pieces(round), { maxBytes: byteCount(1e10) }, never)
      })
      const floor = await timed(async () => writeAndHash(join(temp.dir, 'floor')))
      process.stdout.write(
        `round ${round}: bare stream ${bare} MB/s, fetchBlob ${fetched} MB/s (${Math.round((100 * fetched) / bare)} %), ` +
          `put ${stored} MB/s, plain write + sha256 + fsync ${floor} MB/s\n`,
      )
    }
  } finally {
    child.kill()
  }
}

async function writeAndHash(path: string): Promise<void> {
  const file = await open(path, 'w')
  for await (const piece of pieces()) {
    createHash('sha256').update(piece).digest()
    await file.write(piece)
  }
  await file.sync()
  await file.close()
}

async function* pieces(seed = 0): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < chunks; i++) yield new Uint8Array(blobChunkBytes).fill(i + seed)
}

async function timed(action: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await action()
  return Math.round(megabytes / ((performance.now() - start) / 1000))
}

async function openNode(): Promise<Network> {
  return openNetwork(
    { privateKey: asHash<PrivateKey>(bytesToHex(randomBytes(32))) },
    { listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap: [], dhtMode: 'server', privateNetwork: true },
  )
}
