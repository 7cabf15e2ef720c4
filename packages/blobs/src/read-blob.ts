/** Streams a blob's file, as it is or checked chunk by chunk. */
import type { FileHandle } from 'node:fs/promises'
import { blobChunkBytes, MarketError, type ChunkList } from '@assay/protocol'
import { assertChunkMatches, chunkLength } from './chunk-list.ts'
import { readUpTo } from './durable-files.ts'
import { blobLimits } from './limits.ts'

/** Bytes from `offset`, each piece in memory of its own. Throws `blob-mismatch` when the file is too short. */
export async function* readPlain(
  file: FileHandle,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = offset; position < size;) {
    const piece = await readUpTo(file, Math.min(blobLimits.readBytes, size - position), position)
    if (piece.length === 0)
      throw new MarketError('blob-mismatch', 'the file ends early', { details: { position, size } })
    yield piece
    position += piece.length
  }
}

/** As `readPlain`, with every chunk compared to the list before any of it is given out. */
export async function* readChecked(
  file: FileHandle,
  offset: number,
  list: ChunkList,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = Math.floor(offset / blobChunkBytes); index < list.chunks.length; index++) {
    const start = index * blobChunkBytes
    const chunk = await readUpTo(file, chunkLength(list.size, index), start)
    assertChunkMatches(list, index, chunk)
    const piece = chunk.subarray(Math.max(0, offset - start))
    if (piece.length > 0) yield piece
  }
}
