import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '@assay/protocol'
import { rechunk } from './rechunk.ts'

describe('rechunk', () => {
  it('gives the same bytes in pieces of one size, however they came', async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 1, max: 30 }), async (given, size) => {
        const pieces: Uint8Array[] = []
        for await (const piece of rechunk(each(given), size)) pieces.push(piece)
        assert.deepEqual(concatBytes(...pieces), concatBytes(...given))
        assert.ok(
          pieces.every(({ length }, i) => (i < pieces.length - 1 ? length === size : length > 0 && length <= size)),
        )
      }),
    )
  })

  it('keeps a piece unchanged when the source uses its memory again', async () => {
    const memory = new Uint8Array(4)
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (const fill of [1, 2, 3]) yield memory.fill(fill)
    }
    const pieces: Uint8Array[] = []
    for await (const piece of rechunk(source(), 6)) pieces.push(piece)
    assert.deepEqual(pieces, [Uint8Array.of(1, 1, 1, 1, 2, 2), Uint8Array.of(2, 2, 3, 3, 3, 3)])
  })
})

async function* each(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part
}
