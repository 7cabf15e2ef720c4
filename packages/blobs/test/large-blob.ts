/** Stores and reads a blob larger than any buffer, and reports by how much the process grew. */
import { blobChunkBytes, byteCount } from '@assay/protocol'
import { openBlobStore } from '../src/index.ts'

const [, , dir = ''] = process.argv
const blobBytes = 320 * blobChunkBytes
const never = new AbortController().signal
const store = await openBlobStore({ dir, capBytes: byteCount(2 * blobBytes) })
await store.put(pieces(4), { maxBytes: byteCount(blobBytes) }, never)
const before = process.memoryUsage.rss()

const { root } = await store.put(pieces(320), { maxBytes: byteCount(blobBytes) }, never)
let bytes = 0
for await (const part of store.read(root, {}, never)) bytes += part.length
if (bytes !== blobBytes) throw new Error(`read ${bytes} bytes`)
process.send?.({ blobBytes, grownBytes: process.resourceUsage().maxRSS * 1024 - before })
process.disconnect()

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(blobChunkBytes).fill(i)
}
