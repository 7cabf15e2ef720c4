/** A blob being written: bytes on disk, hashes in memory. */
import { open } from 'node:fs/promises'
import { byteCount, type ChunkList } from '@assay/protocol'
import { encodeChunkList, hashChunk } from './chunk-list.ts'
import { writeAll, writeSynced } from './durable-files.ts'
import { listPath } from './store-paths.ts'

export interface Draft extends AsyncDisposable {
  readonly path: string
  readonly size: number
  /** Appends one chunk: full, except the last. */
  append(chunk: Uint8Array): Promise<void>
  /** Syncs the bytes, writes the list beside them, closes. Nothing may be appended afterwards. */
  finish(): Promise<ChunkList>
}

/** Opens a new file at `path`. Disposing closes it and leaves the file. */
export async function openDraft(path: string): Promise<Draft> {
  const file = await open(path, 'wx', 0o600)
  const chunks: Uint8Array[] = []
  let size = 0
  let closed = false
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await file.close()
  }
  return {
    path,
    get size() {
      return size
    },
    async append(chunk) {
      const written = writeAll(file, chunk, size)
      chunks.push(hashChunk(chunk))
      await written
      size += chunk.length
    },
    async finish() {
      await file.sync()
      await close()
      const list: ChunkList = { size: byteCount(size), chunks }
      await writeSynced(listPath(path), encodeChunkList(list))
      return list
    },
    [Symbol.asyncDispose]: close,
  }
}
