import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { demultiplex } from './demultiplex.ts'

const frame = (stream: number, text: string): Buffer => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

async function split(bytes: Buffer, cut: number): Promise<{ stdout: string; stderr: string }> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut)
  }
  const texts = { stdout: '', stderr: '' }
  for await (const chunk of demultiplex(pieces())) texts[chunk.stream] += chunk.bytes.toString('latin1')
  return texts
}

describe('demultiplex', () => {
  it('gives each stream its bytes in order, however they arrive', async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.stringMatching(/^[a-z]{0,30}$/)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 50 }), async (list, cut) => {
        const of = (stream: number): string => list.flatMap(([one, text]) => (one === stream ? [text] : [])).join('')
        const bytes = Buffer.concat(list.map(([stream, text]) => frame(stream, text)))
        assert.deepEqual(await split(bytes, cut), { stdout: of(1), stderr: of(2) })
      }),
    )
  })

  it('refuses what is not framed and what ends inside a frame', async () => {
    await assert.rejects(split(Buffer.from('plain text, no frames'), 100), /not framed/)
    await assert.rejects(split(frame(1, 'abc').subarray(0, 10), 100), /inside a frame/)
    await assert.rejects(split(frame(1, 'abc').subarray(0, 5), 100), /inside a frame/)
  })
})
