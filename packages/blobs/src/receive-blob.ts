/** The receiving end of a transfer, into any store: one that can resume, or any other through `put`. */
import type { BlobStore } from '@assay/core'
import { byteCount, type BlobRef, type ChunkList } from '@assay/protocol'
import { assertChunkMatches, assertListMatches } from './chunk-list.ts'
import type { ResumableBlobStore } from './disk-blob-store.ts'
import type { PartialBlob } from './partial-blob.ts'

/** Opens the copy to fill; `undefined` when the store holds the blob already, pinned now for the owner. */
export async function openCopy(
  store: BlobStore,
  ref: BlobRef,
  options: { readonly owner?: string },
  signal: AbortSignal,
): Promise<PartialBlob | undefined> {
  if (isResumable(store)) return store.resume(ref, options, signal)
  if (!(await store.has(ref.root))) return openPassage(store, ref, options, signal)
  if (options.owner !== undefined) await store.pin(ref.root, options.owner)
  return undefined
}

const isResumable = (store: BlobStore): store is ResumableBlobStore => 'resume' in store

/** A copy that is handed on to `put` chunk by chunk; a cut loses it. */
function openPassage(
  store: BlobStore,
  ref: BlobRef,
  options: { readonly owner?: string },
  signal: AbortSignal,
): PartialBlob {
  const pipe = new TransformStream<Uint8Array, Uint8Array>()
  const writer = pipe.writable.getWriter()
  const stored = store.put(pipe.readable, { ...options, maxBytes: byteCount(ref.size), expect: ref.root }, signal)
  // Read when committing, or by nobody when the copy is put down before.
  stored.catch(async (error: unknown) => writer.abort(error)).catch(() => undefined)
  let list: ChunkList | undefined
  let held = 0
  let committed = false
  return {
    get held() {
      return held
    },
    async begin(given) {
      await assertListMatches(ref, given)
      list = given
    },
    async append(chunk) {
      assertChunkMatches(list ?? { size: ref.size, chunks: [] }, held, chunk)
      await writer.write(chunk)
      held += 1
    },
    async commit() {
      await writer.close()
      await stored
      committed = true
    },
    async [Symbol.asyncDispose]() {
      if (committed) return
      await writer.abort(new Error('the transfer broke')).catch(() => undefined)
      await stored.catch(() => undefined)
    },
  }
}
