/** Stores one blob, begins another, says so, and waits to be killed. */
import { blobChunkBytes, byteCount } from '@assay/protocol'
import { openBlobStore } from '../src/index.ts'

const [, , dir = ''] = process.argv
const maxBytes = byteCount(1024 * blobChunkBytes)
const never = new AbortController().signal
const store = await openBlobStore({ dir, capBytes: maxBytes })

const { root } = await store.put(blobs(1), { maxBytes, owner: 'job' }, never)
await store.put(endless(), { maxBytes }, never)

async function* blobs(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 1; i <= count; i++) yield new Uint8Array(blobChunkBytes).fill(i)
}

async function* endless(): AsyncGenerator<Uint8Array> {
  yield* blobs(5)
  process.send?.({ root })
  await new Promise<void>((resolve) => {
    process.once('disconnect', resolve)
  })
}
