/** The list of a blob's chunk hashes, as it lies beside the blob on disk and travels on the wire. */
import { createHash } from 'node:crypto'
import { blobChunkBytes, byteCount, concatBytes, deriveBlobRoot, MarketError } from '@assay/protocol'
import type { BlobRef, ChunkList } from '@assay/protocol'

const hashBytes = 32
const sizeBytes = 8

/** Number of chunks of a blob. */
export const chunkCount = (size: number): number => Math.ceil(size / blobChunkBytes)

/** Length of one chunk: full, or the rest for the last. */
export const chunkLength = (size: number, index: number): number =>
  Math.min(blobChunkBytes, size - index * blobChunkBytes)

/** Bytes of the list's file. */
export const listFileBytes = (size: number): number => sizeBytes + hashBytes * chunkCount(size)

/** uint64be size, then 32 bytes a chunk. */
export function encodeChunkList(list: ChunkList): Uint8Array {
  const head = new Uint8Array(sizeBytes)
  new DataView(head.buffer).setBigUint64(0, BigInt(list.size))
  return concatBytes(head, ...list.chunks)
}

/** Reads what `encodeChunkList` wrote; `undefined` when the length does not fit the size. */
export function decodeChunkList(bytes: Uint8Array): ChunkList | undefined {
  if (bytes.length < sizeBytes) return undefined
  const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return splitHashes(Number(size), bytes.subarray(sizeBytes))
}

/** The list of a blob of `size` from its joined hashes; `undefined` when their number does not fit the size. */
export function splitHashes(size: number, hashes: Uint8Array): ChunkList | undefined {
  if (hashes.length !== hashBytes * chunkCount(size)) return undefined
  const chunks = Array.from({ length: chunkCount(size) }, (_, i) => hashes.slice(i * hashBytes, (i + 1) * hashBytes))
  return { size: byteCount(size), chunks }
}

/** Throws `blob-mismatch` unless the list hashes to the root and has the size of the reference. */
export async function assertListMatches(ref: BlobRef, list: ChunkList): Promise<void> {
  const root = await deriveBlobRoot(list)
  if (root === ref.root && list.size === ref.size) return
  throw new MarketError('blob-mismatch', 'the chunk list is not that of the blob', {
    details: { root: ref.root, size: ref.size, actualRoot: root, actualSize: list.size },
  })
}

/** SHA-256 of a chunk, at once: half the work of the platform's asynchronous one, which copies first. */
export const hashChunk = (chunk: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(chunk).digest())

/** Whether the bytes are chunk `index` of the list. */
export function isChunk(list: ChunkList, index: number, chunk: Uint8Array): boolean {
  const expected = list.chunks[index]
  if (expected === undefined || chunk.length !== chunkLength(list.size, index)) return false
  return Buffer.compare(hashChunk(chunk), expected) === 0
}

/** Throws `blob-mismatch` unless the bytes are chunk `index` of the list. */
export function assertChunkMatches(list: ChunkList, index: number, chunk: Uint8Array): void {
  if (isChunk(list, index, chunk)) return
  throw new MarketError('blob-mismatch', 'a chunk is not the one that the list names', {
    details: { chunk: index, bytes: chunk.length },
  })
}
