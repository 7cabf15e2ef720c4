/**
 * Content addresses. A byte string is cut into chunks of 1 MiB; its root is
 *   sha256( "assay/blob/1\n" ‖ uint64be size ‖ sha256(chunk 0) ‖ sha256(chunk 1) … )
 * so a receiver that holds the chunk list can check every chunk while it streams.
 */
import { bytesToHex, concatBytes } from './canonical.ts'
import { asHash, byteCount, type BlobRoot, type ByteCount } from './units.ts'

/** Chunk size in bytes: large enough that hashing dominates framing, small enough to drop a bad chunk cheaply. */
export const blobChunkBytes = 1_048_576

export interface BlobRef {
  readonly root: BlobRoot
  readonly size: ByteCount
}
/** A blob's size and the SHA-256 of each of its chunks; the root commits to both. */
export interface ChunkList {
  readonly size: ByteCount
  readonly chunks: readonly Uint8Array[]
}
export interface BlobHasher {
  /** Adds bytes; any split of the same bytes gives the same root. */
  update(bytes: Uint8Array): Promise<void>
  /** Ends the hash. May be called once. */
  digest(): Promise<BlobRef & { readonly list: ChunkList }>
}

/** Hashes a stream chunk by chunk with the platform's native SHA-256; holds at most one chunk. */
export function createBlobHasher(): BlobHasher {
  const buffer = new Uint8Array(blobChunkBytes)
  const chunks: Uint8Array[] = []
  let filled = 0
  let size = 0
  const flush = async (): Promise<void> => {
    chunks.push(await sha256(buffer.subarray(0, filled)))
    filled = 0
  }
  return {
    async update(bytes) {
      for (let offset = 0; offset < bytes.length;) {
        const part = bytes.subarray(offset, offset + blobChunkBytes - filled)
        buffer.set(part, filled)
        filled += part.length
        offset += part.length
        size += part.length
        if (filled === blobChunkBytes) await flush()
      }
    },
    async digest() {
      if (filled > 0) await flush()
      const list = { size: byteCount(size), chunks }
      return { root: await deriveBlobRoot(list), size: list.size, list }
    },
  }
}

/** Root that commits to a chunk list. */
export async function deriveBlobRoot(list: ChunkList): Promise<BlobRoot> {
  const head = new Uint8Array(tag.length + 8)
  head.set(tag)
  new DataView(head.buffer).setBigUint64(tag.length, BigInt(list.size))
  return asHash(bytesToHex(await sha256(concatBytes(head, ...list.chunks))))
}

/** Root and size of bytes already in memory. */
export async function hashBlob(bytes: Uint8Array): Promise<BlobRef> {
  const hasher = createBlobHasher()
  await hasher.update(bytes)
  const { root, size } = await hasher.digest()
  return { root, size }
}

/** SHA-256 by the platform (Node and browsers alike). */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
}

const tag = new TextEncoder().encode('assay/blob/1\n')
