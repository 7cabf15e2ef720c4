import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { blobChunkBytes, createBlobHasher, deriveBlobRoot, hashBlob } from './blob.ts'

/** The definition, once more and in one go. */
function rootOf(bytes: Uint8Array): string {
  const hash = createHash('sha256').update('assay/blob/1\n')
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(bytes.length))
  hash.update(size)
  for (let at = 0; at < bytes.length; at += blobChunkBytes)
    hash.update(
      createHash('sha256')
        .update(bytes.subarray(at, at + blobChunkBytes))
        .digest(),
    )
  return `0x${hash.digest('hex')}`
}
const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 11)) & 0xff)

describe('blob roots', () => {
  it('follow the definition at and around chunk borders', async () => {
    for (const size of [
      0,
      1,
      blobChunkBytes - 1,
      blobChunkBytes,
      blobChunkBytes + 1,
      2 * blobChunkBytes,
      2 * blobChunkBytes + 7,
    ]) {
      const bytes = pattern(size)
      assert.deepEqual(await hashBlob(bytes), { root: rootOf(bytes), size })
    }
  })

  it('do not depend on how the bytes arrive', async () => {
    const bytes = pattern(blobChunkBytes + 1000)
    const expected = rootOf(bytes)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 6 }), async (cuts) => {
        const hasher = createBlobHasher()
        let from = 0
        for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
          const part = bytes.slice(from, to)
          await hasher.update(part)
          part.fill(0) // A caller may reuse its buffer.
          from = to
        }
        const { root, size, list } = await hasher.digest()
        assert.equal(root, expected)
        assert.equal(size, bytes.length)
        assert.equal(await deriveBlobRoot(list), expected)
      }),
      { numRuns: 20 },
    )
  })

  it('differ for every changed bit and for zeros appended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), async (bytes, at) => {
        const changed = Uint8Array.from(bytes)
        changed[at % bytes.length]! ^= 1
        const { root } = await hashBlob(bytes)
        assert.notEqual((await hashBlob(changed)).root, root)
        assert.notEqual((await hashBlob(Uint8Array.of(...bytes, 0))).root, root)
      }),
    )
  })
})
