import type { BlobRef, BlobRoot, ByteCount, ChunkList } from '@assay/protocol'

/**
 * Content-addressed bytes on local disk. Everything in it is identified by its root, so a write is
 * idempotent and a read can be checked. Never holds a whole blob in memory.
 */
export interface BlobStore extends AsyncDisposable {
  /**
   * Stores a stream. With `expect`, the bytes must hash to it.
   * Throws `blob-too-large` past `maxBytes`, `blob-mismatch` when the root differs; then nothing is kept.
   */
  put(source: AsyncIterable<Uint8Array>, options: PutBlobOptions, signal: AbortSignal): Promise<BlobRef>
  /** Size and chunk hashes of a stored blob, or `undefined`. */
  list(root: BlobRoot): Promise<ChunkList | undefined>
  has(root: BlobRoot): Promise<boolean>
  /** Streams a stored blob from `offset`. Throws `blob-unknown`. */
  read(root: BlobRoot, options: { readonly offset?: ByteCount }, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Path of the file that holds the bytes, for a read-only bind. Throws `blob-unknown`. */
  pathOf(root: BlobRoot): Promise<string>
  /** Keeps a blob from eviction under `owner` (a job or shard id) until released. */
  pin(root: BlobRoot, owner: string): Promise<void>
  /** Lets go of everything `owner` pinned. */
  release(owner: string): Promise<void>
  /** Bytes on disk now. */
  usedBytes(): Promise<ByteCount>
}
export interface PutBlobOptions {
  readonly maxBytes: ByteCount
  readonly expect?: BlobRoot
  /** Pins under this owner in the same step. */
  readonly owner?: string
}
