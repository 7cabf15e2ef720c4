/** Opens the blob store of a node. */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '@assay/core'
import { unixMs, type ByteCount } from '@assay/protocol'
import { DiskBlobStore, type ResumableBlobStore } from './disk-blob-store.ts'

export interface BlobStoreOptions {
  /** Folder of the store; made when missing, mode 0700. No other process may have it open. */
  readonly dir: string
  /** Most bytes on disk at any moment: blobs, chunk lists, writes in progress and unfinished copies. */
  readonly capBytes: ByteCount
  readonly clock?: Clock
  /** Compares every chunk with its hash when it is read, and drops a damaged blob. Default false: receivers check. */
  readonly verifyReads?: boolean
}

/**
 * Opens the folder, removes what a crash left half written, and evicts until it fits the cap: unfinished copies first,
 * then the unpinned blobs used longest ago. Throws `storage-full` when the pinned ones alone exceed it.
 */
export async function openBlobStore(options: BlobStoreOptions): Promise<ResumableBlobStore> {
  const { dir, capBytes, clock = systemClock, verifyReads = false } = options
  const store = new DiskBlobStore({ dir, capBytes, clock, verifyReads })
  await store.load()
  return store
}

const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  sleep: async (ms, signal) => setTimeout(ms, undefined, { signal }),
}
