import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createByteReader, type ByteReader } from './byte-reader.ts'

const readerOf = (bytes: Buffer, cuts: readonly number[]): ByteReader => {
  async function* pieces(): AsyncGenerator<Buffer> {
    let from = 0
    for (const at of [...cuts].toSorted((a, b) => a - b)) {
      yield bytes.subarray(from, at)
      from = at
    }
    yield bytes.subarray(from)
  }
  return createByteReader(pieces())
}

async function drain(
  pieces: AsyncGenerator<Buffer, unknown>,
): Promise<{ readonly text: string; readonly result: unknown }> {
  const held: Buffer[] = []
  for (let next = await pieces.next(); ; next = await pieces.next()) {
    if (next.done === true) return { text: Buffer.concat(held).toString('latin1'), result: next.value }
    held.push(next.value)
  }
}

describe('byte reader', () => {
  it('finds the first mark wherever the chunks are cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('M', 'A', 'R', 'K', 'x'), maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(text, text, fc.array(fc.nat(80), { maxLength: 8 }), async (before, after, cuts) => {
        const whole = `${before}MARK${after}`
        const reader = readerOf(
          Buffer.from(whole),
          cuts.filter((cut) => cut <= whole.length),
        )
        const at = whole.indexOf('MARK')
        assert.deepEqual(await drain(reader.until(Buffer.from('MARK'))), { text: whole.slice(0, at), result: true })
        assert.equal((await drain(reader.take(1000))).text, whole.slice(at + 4))
      }),
    )
  })

  it('gives everything when there is no mark', async () => {
    assert.deepEqual(await drain(readerOf(Buffer.from('abcMAR'), [2, 5]).until(Buffer.from('MARK'))), {
      text: 'abcMAR',
      result: false,
    })
  })

  it('reads lines up to a bound', async () => {
    const reader = readerOf(Buffer.from('one\n\ntwo'), [1, 4])
    assert.equal(await reader.line(3), 'one')
    assert.equal(await reader.line(3), '')
    assert.equal(await reader.line(3), undefined)
    assert.equal(await readerOf(Buffer.from('four\n'), []).line(3), undefined)
    assert.equal(await readerOf(Buffer.from('endless'), []).line(3), undefined)
  })

  it('reads exactly or not at all, and takes what there is', async () => {
    const reader = readerOf(Buffer.from('abcdef'), [1, 2])
    assert.equal((await reader.exactly(4))?.toString(), 'abcd')
    assert.equal((await reader.exactly(0))?.length, 0)
    assert.equal(await reader.exactly(3), undefined)
    assert.equal((await drain(reader.take(3))).text, 'ef')
    assert.equal((await drain(reader.take(3))).text, '')
  })
})
