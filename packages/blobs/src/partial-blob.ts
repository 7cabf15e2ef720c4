/** A copy that grows chunk by chunk, each checked before it is written, and that survives a cut. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { assertBug, blobChunkBytes, deriveBlobRoot, type BlobRef, type ChunkList } from '@assay/protocol'
import {
  assertChunkMatches,
  assertListMatches,
  chunkCount,
  chunkLength,
  encodeChunkList,
  isChunk,
  listFileBytes,
} from './chunk-list.ts'
import { readUpTo, removeIfThere, writeAll, writeSynced } from './durable-files.ts'
import { readList } from './load-store.ts'
import { listPath } from './store-paths.ts'

export interface PartialBlob extends AsyncDisposable {
  /** Chunks held, counted from the first. */
  readonly held: number
  /** Makes the list known; must come before `append`. Throws `blob-mismatch` when it is not that of the blob. */
  begin(list: ChunkList): Promise<void>
  /** Checks and appends the next chunk. Throws `blob-mismatch`, `storage-full`. */
  append(chunk: Uint8Array): Promise<void>
  /** Moves the complete copy into the store. Disposing without it keeps what is held for the next time. */
  commit(): Promise<void>
}

/** The store's side of a copy. */
export interface PartialHome {
  readonly path: string
  /** Books bytes that are about to be written. */
  reserve(bytes: number): Promise<void>
  /** Gives booked bytes back. */
  release(bytes: number): void
  /** Takes over the synced files and the bytes booked for them. */
  adopt(bookedBytes: number): Promise<void>
  /** The copy was put down with so many bytes booked; 0 when nothing of it is worth keeping. */
  leave(bookedBytes: number): Promise<void>
}

/** Opens what is left of a copy, checking it again, or a new one. */
export async function openPartial(home: PartialHome, ref: BlobRef, bookedBytes: number): Promise<PartialBlob> {
  const file = await open(home.path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const rest = await recover(home.path, ref, file)
  let { list, held } = rest
  let booked = rest.bytes
  let adopted = false
  home.release(bookedBytes - booked)

  const book = async (bytes: number): Promise<void> => {
    await home.reserve(bytes)
    booked += bytes
  }
  return {
    get held() {
      return held
    },
    async begin(given) {
      await assertListMatches(ref, given)
      if (list !== undefined) return
      await book(listFileBytes(given.size))
      await writeSynced(listPath(home.path), encodeChunkList(given))
      list = given
    },
    async append(chunk) {
      assertBug(list !== undefined, 'the list comes before the chunks')
      assertChunkMatches(list, held, chunk)
      await book(chunk.length)
      await writeAll(file, chunk, held * blobChunkBytes)
      held += 1
    },
    async commit() {
      assertBug(list !== undefined && held === chunkCount(ref.size), 'only a complete copy is committed')
      await file.sync()
      await home.adopt(booked)
      adopted = true
    },
    async [Symbol.asyncDispose]() {
      await file.close()
      if (!adopted && list === undefined) home.release(booked)
      await home.leave(adopted || list === undefined ? 0 : booked)
    },
  }
}

interface Rest {
  readonly list: ChunkList | undefined
  readonly held: number
  /** Bytes on disk after the cleaning. */
  readonly bytes: number
}

/** Keeps the leading chunks that are whole and right; a crash may have left anything behind them. */
async function recover(path: string, ref: BlobRef, file: FileHandle): Promise<Rest> {
  const list = await readList(path)
  if (list === undefined || !(await belongs(list, ref))) {
    await removeIfThere(listPath(path))
    await file.truncate(0)
    return { list: undefined, held: 0, bytes: 0 }
  }
  let held = 0
  for (; held < chunkCount(ref.size); held++) {
    const chunk = await readUpTo(file, chunkLength(ref.size, held), held * blobChunkBytes)
    if (!isChunk(list, held, chunk)) break
  }
  const size = Math.min(held * blobChunkBytes, ref.size)
  await file.truncate(size)
  return { list, held, bytes: size + listFileBytes(ref.size) }
}

async function belongs(list: ChunkList, ref: BlobRef): Promise<boolean> {
  return list.size === ref.size && (await deriveBlobRoot(list)) === ref.root
}
