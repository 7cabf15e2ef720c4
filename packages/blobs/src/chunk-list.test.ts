import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { blobChunkBytes, byteCount, createBlobHasher, isMarketError, sha256, type ChunkList } from '@assay/protocol'
import {
  assertChunkMatches,
  assertListMatches,
  chunkCount,
  chunkLength,
  decodeChunkList,
  encodeChunkList,
  listFileBytes,
} from './chunk-list.ts'

const sizes = fc.nat(20 * blobChunkBytes)
const listOf = (size: number): ChunkList => ({
  size: byteCount(size),
  chunks: Array.from({ length: chunkCount(size) }, (_, i) => new Uint8Array(32).fill(i)),
})

describe('a chunk list', () => {
  it('comes back from its file', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const bytes = encodeChunkList(listOf(size))
        assert.equal(bytes.length, listFileBytes(size))
        assert.deepEqual(decodeChunkList(bytes), listOf(size))
      }),
    )
  })

  it('is refused when its length does not fit the size', () => {
    const bytes = encodeChunkList(listOf(3 * blobChunkBytes))
    for (const wrong of [bytes.subarray(0, 7), bytes.subarray(1), bytes.subarray(0, -1), bytes.subarray(0, -32)])
      assert.equal(decodeChunkList(wrong), undefined)
    assert.equal(decodeChunkList(new Uint8Array(8).fill(255)), undefined)
  })

  it('cuts a blob into full chunks and a rest', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const lengths = Array.from({ length: chunkCount(size) }, (_, i) => chunkLength(size, i))
        assert.equal(
          lengths.reduce((sum, length) => sum + length, 0),
          size,
        )
        assert.ok(lengths.every((length, i) => (i < lengths.length - 1 ? length === blobChunkBytes : length > 0)))
      }),
    )
  })

  it('matches its own root and no other', async () => {
    const hasher = createBlobHasher()
    await hasher.update(new Uint8Array(blobChunkBytes + 5))
    const { root, size, list } = await hasher.digest()
    await assertListMatches({ root, size }, list)
    for (const wrong of [
      { ...list, size: byteCount(size + 1) },
      { ...list, chunks: list.chunks.toReversed() },
      { ...list, chunks: list.chunks.slice(1) },
    ])
      await assert.rejects(assertListMatches({ root, size }, wrong), isMismatch)
    await assert.rejects(assertListMatches({ root, size: byteCount(size + 1) }, list), isMismatch)
  })

  it('accepts a chunk only in its place, whole and unchanged', async () => {
    const [first, last] = [new Uint8Array(blobChunkBytes).fill(1), Uint8Array.of(1, 2, 3)]
    const chunks = [await sha256(first), await sha256(last)]
    const list: ChunkList = { size: byteCount(blobChunkBytes + 3), chunks }
    assertChunkMatches(list, 0, first)
    assertChunkMatches(list, 1, last)
    const cases: readonly (readonly [number, Uint8Array])[] = [
      [1, first],
      [0, last],
      [2, last],
      [1, last.subarray(1)],
      [1, Uint8Array.of(1, 2, 3, 4)],
      [1, Uint8Array.of(1, 2, 4)],
      [0, new Uint8Array(0)],
    ]
    for (const [index, chunk] of cases) assert.throws(() => assertChunkMatches(list, index, chunk), isMismatch)
  })
})

const isMismatch = (error: unknown): boolean => isMarketError(error) && error.code === 'blob-mismatch'
