/** Keeps everything a store has on disk below its cap, at every moment. */
import { MarketError, type BlobRoot } from '@assay/protocol'
import type { BlobIndex } from './blob-index.ts'
import { blobLimits } from './limits.ts'
import type { Mutex } from './mutex.ts'

export interface StoreSpace {
  /** Blobs, lists, writes in progress and unfinished copies. */
  readonly usedBytes: number
  /** Books bytes that are about to be written, evicting what is needed. Throws `storage-full`. Not within the mutex. */
  reserve(bytes: number): Promise<void>
  /** Gives booked bytes back: removed again, or counted as a blob from now on. */
  release(bytes: number): void
  /** Keeps an unfinished copy, booked already, that nobody works on: such copies are the first to go. */
  keepIdle(root: BlobRoot, bytes: number): Promise<void>
  /** Takes it up again; returns its bytes, which stay booked, 0 when there is none. */
  takeIdle(root: BlobRoot): number
}

export interface SpaceDeps {
  readonly capBytes: number
  readonly index: BlobIndex
  readonly mutex: Mutex
  /** Removes the files of a blob. Called within the mutex. */
  readonly removeBlob: (root: BlobRoot) => Promise<void>
  /** Removes the files of an unfinished copy. Called within the mutex. */
  readonly removePartial: (root: BlobRoot) => Promise<void>
}

export function createStoreSpace(deps: SpaceDeps): StoreSpace {
  const { capBytes, index, mutex } = deps
  const idle = new Map<BlobRoot, number>()
  let reserved = 0
  const fits = (bytes: number): boolean => index.totalBytes + reserved + bytes <= capBytes

  /** Each: whether something could be removed. Within the mutex. */
  const dropIdle = async (): Promise<boolean> => {
    for (const [root, bytes] of idle) {
      idle.delete(root)
      await deps.removePartial(root)
      reserved -= bytes
      return true
    }
    return false
  }
  const evictOne = async (): Promise<boolean> => {
    if (await dropIdle()) return true
    const root = index.oldest()
    if (root === undefined) return false
    // Out of sight first, but counted until it is gone from the disk.
    const bytes = index.remove(root)
    reserved += bytes
    await deps.removeBlob(root)
    reserved -= bytes
    return true
  }
  return {
    async keepIdle(root, bytes) {
      idle.set(root, bytes)
      await mutex(async () => {
        while (idle.size > blobLimits.partials) await dropIdle()
      })
    },
    takeIdle(root) {
      const bytes = idle.get(root) ?? 0
      idle.delete(root)
      return bytes
    },
    get usedBytes() {
      return index.totalBytes + reserved
    },
    async reserve(bytes) {
      if (fits(bytes)) {
        reserved += bytes
        return
      }
      await mutex(async () => {
        while (!fits(bytes)) if (!(await evictOne())) throw storageFull(bytes, capBytes)
        reserved += bytes
      })
    },
    release(bytes) {
      reserved -= bytes
    },
  }
}

const storageFull = (bytes: number, capBytes: number): MarketError =>
  new MarketError('storage-full', 'everything in the store is pinned', { details: { neededBytes: bytes, capBytes } })
