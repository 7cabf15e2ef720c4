/** What the store knows about its blobs without asking the disk: sizes, pins, and which was used longest ago. */
import type { BlobRoot } from '@assay/protocol'

export interface BlobIndex {
  /** Bytes of all blobs and their lists. */
  readonly totalBytes: number
  has(root: BlobRoot): boolean
  /** Adds a blob as the most recently used. */
  add(root: BlobRoot, bytes: number): void
  /** Takes a blob out; returns its bytes, 0 when it was not there. */
  remove(root: BlobRoot): number
  /** Makes a blob the most recently used. */
  touch(root: BlobRoot): void
  pin(root: BlobRoot, owner: string): void
  /** Returns what the owner had pinned. */
  release(owner: string): readonly BlobRoot[]
  /** The unpinned blob used longest ago. */
  oldest(): BlobRoot | undefined
}

export function createBlobIndex(): BlobIndex {
  /** In order of use, the longest unused first. */
  const bytesOf = new Map<BlobRoot, number>()
  const pinnedBy = new Map<string, Set<BlobRoot>>()
  const pins = new Map<BlobRoot, number>()
  let totalBytes = 0
  return {
    get totalBytes() {
      return totalBytes
    },
    has: (root) => bytesOf.has(root),
    add(root, bytes) {
      totalBytes += bytes - (bytesOf.get(root) ?? 0)
      bytesOf.delete(root)
      bytesOf.set(root, bytes)
    },
    remove(root) {
      const bytes = bytesOf.get(root) ?? 0
      bytesOf.delete(root)
      totalBytes -= bytes
      return bytes
    },
    touch(root) {
      const bytes = bytesOf.get(root)
      if (bytes === undefined) return
      bytesOf.delete(root)
      bytesOf.set(root, bytes)
    },
    pin(root, owner) {
      const roots = pinnedBy.get(owner) ?? new Set()
      if (roots.has(root)) return
      pinnedBy.set(owner, roots.add(root))
      pins.set(root, (pins.get(root) ?? 0) + 1)
    },
    release(owner) {
      const roots = [...(pinnedBy.get(owner) ?? [])]
      pinnedBy.delete(owner)
      for (const root of roots) {
        const left = (pins.get(root) ?? 1) - 1
        if (left > 0) pins.set(root, left)
        else pins.delete(root)
      }
      return roots
    },
    oldest() {
      for (const root of bytesOf.keys()) if (!pins.has(root)) return root
      return undefined
    },
  }
}
