/** A `BlobStore` in memory, with the same rules of eviction as the one on disk. */
import type { BlobStore } from '@assay/core'
import { byteCount, concatBytes, createBlobHasher, MarketError } from '@assay/protocol'
import type { BlobRoot, ByteCount, ChunkList } from '@assay/protocol'

/** A store whose bytes a test can damage. */
export interface FakeBlobStore extends BlobStore {
  /** Flips one bit of a stored blob; its list stays. Throws `blob-unknown`. */
  damage(root: BlobRoot, offset: number): void
}

interface Held {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly list: ChunkList
  readonly owners: Set<string>
}

/** Pieces in which a blob is read: small, so that a reader that expects whole chunks is found. */
const pieceBytes = 100_000

export function createFakeBlobStore(capBytes: ByteCount = byteCount(Number.MAX_SAFE_INTEGER)): FakeBlobStore {
  /** In order of use, the longest unused first. */
  const blobs = new Map<BlobRoot, Held>()
  const used = (): number => [...blobs.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  const find = (root: BlobRoot): Held => {
    const held = blobs.get(root)
    if (held === undefined) throw new MarketError('blob-unknown', 'the blob is not in the store', { details: { root } })
    blobs.delete(root)
    blobs.set(root, held)
    return held
  }
  const makeRoom = (bytes: number): void => {
    for (const [root, { owners }] of blobs) {
      if (used() + bytes <= capBytes) return
      if (owners.size === 0) blobs.delete(root)
    }
    if (used() + bytes > capBytes)
      throw new MarketError('storage-full', 'everything in the store is pinned', {
        details: { neededBytes: bytes, capBytes },
      })
  }
  return {
    async put(source, options, signal) {
      signal.throwIfAborted()
      const parts: Uint8Array[] = []
      const hasher = createBlobHasher()
      let size = 0
      for await (const part of source) {
        signal.throwIfAborted()
        size += part.length
        if (size > options.maxBytes)
          throw new MarketError('blob-too-large', 'the blob is larger than allowed', {
            details: { maxBytes: options.maxBytes },
          })
        parts.push(part.slice())
        await hasher.update(part)
      }
      signal.throwIfAborted()
      const { root, list } = await hasher.digest()
      if (options.expect !== undefined && root !== options.expect)
        throw new MarketError('blob-mismatch', 'the bytes have another root', { details: { actual: root } })
      if (!blobs.has(root)) makeRoom(size)
      const held = blobs.get(root) ?? { bytes: new Uint8Array(concatBytes(...parts)), list, owners: new Set<string>() }
      if (options.owner !== undefined) held.owners.add(options.owner)
      blobs.set(root, held)
      find(root)
      return { root, size: byteCount(size) }
    },
    list: async (root) => blobs.get(root)?.list,
    has: async (root) => blobs.has(root),
    async *read(root, { offset = byteCount(0) }, signal) {
      const { bytes } = find(root)
      for (let at: number = offset; at < bytes.length; at += pieceBytes) {
        signal.throwIfAborted()
        yield bytes.slice(at, at + pieceBytes)
      }
    },
    async pathOf(root) {
      find(root)
      return `/memory/${root}`
    },
    async pin(root, owner) {
      find(root).owners.add(owner)
    },
    async release(owner) {
      for (const { owners } of blobs.values()) owners.delete(owner)
    },
    usedBytes: async () => byteCount(used()),
    damage(root, offset) {
      const { bytes } = find(root)
      bytes[offset] = (bytes[offset] ?? 0) ^ 1
    },
    async [Symbol.asyncDispose]() {
      blobs.clear()
    },
  }
}
