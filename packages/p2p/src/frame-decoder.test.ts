import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concatBytes, isMarketError } from '@assay/protocol'
import { createFrameDecoder, encodeLengthPrefixed } from './frame-decoder.ts'

const max = 70_000

describe('length-prefixed frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 })
    fc.assert(
      fc.property(frames, fc.array(fc.nat(50), { maxLength: 40 }), (sent, cuts) => {
        const decoder = createFrameDecoder(max)
        const received: Uint8Array[] = []
        let rest = concatBytes(...sent.map((frame) => encodeLengthPrefixed(frame, max)))
        for (const cut of [...cuts, rest.length]) {
          decoder.push(rest.subarray(0, cut))
          rest = rest.subarray(cut)
          for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) received.push(frame)
        }
        assert.deepEqual(received, sent)
        assert.equal(decoder.partial, false)
        assert.equal(decoder.fault, undefined)
      }),
    )
  })

  it('start with an unsigned LEB128 length', () => {
    assert.deepEqual(encodeLengthPrefixed(new Uint8Array(0), max), Uint8Array.of(0))
    assert.deepEqual([...encodeLengthPrefixed(new Uint8Array(127), max).subarray(0, 1)], [127])
    assert.deepEqual([...encodeLengthPrefixed(new Uint8Array(128), max).subarray(0, 2)], [0x80, 1])
    assert.deepEqual([...encodeLengthPrefixed(new Uint8Array(65_536), max).subarray(0, 3)], [0x80, 0x80, 4])
  })

  it('may have the largest size and no more', () => {
    const decoder = createFrameDecoder(max)
    decoder.push(encodeLengthPrefixed(new Uint8Array(max), max))
    assert.equal(decoder.next()?.length, max)
    assert.throws(() => encodeLengthPrefixed(new Uint8Array(max + 1), max), isTooLarge)
    decoder.push(encodeLengthPrefixed(new Uint8Array(max + 1), max + 1).subarray(0, 3))
    assert.ok(isTooLarge(decoder.fault))
    assert.equal(decoder.next(), undefined)
  })

  it('are refused when the length has too many bytes', () => {
    const decoder = createFrameDecoder(max)
    decoder.push(Uint8Array.of(0x80, 0x80, 0x80, 0x00))
    assert.ok(isTooLarge(decoder.fault))
  })

  it('that came before a bad one are still given out', () => {
    const decoder = createFrameDecoder(max)
    decoder.push(concatBytes(encodeLengthPrefixed(Uint8Array.of(7), max), Uint8Array.of(0xff, 0xff, 0xff)))
    assert.equal(decoder.fault, undefined)
    assert.deepEqual(decoder.next(), Uint8Array.of(7))
    assert.ok(isTooLarge(decoder.fault))
  })

  it('are partial until the last byte', () => {
    const decoder = createFrameDecoder(max)
    const bytes = encodeLengthPrefixed(Uint8Array.of(1, 2), max)
    for (const byte of bytes) {
      assert.equal(decoder.ready, false)
      decoder.push(Uint8Array.of(byte))
      assert.equal(decoder.partial, true)
    }
    assert.equal(decoder.ready, true)
    assert.deepEqual(decoder.next(), Uint8Array.of(1, 2))
    assert.equal(decoder.partial, false)
  })

  it('reserve no memory for a length alone', () => {
    const decoder = createFrameDecoder(max)
    decoder.push(encodeLengthPrefixed(new Uint8Array(max), max).subarray(0, 3))
    assert.equal(decoder.ready, false)
    assert.equal(decoder.bufferedBytes, 0)
  })
})

const isTooLarge = (error: unknown): boolean => isMarketError(error) && error.code === 'message-too-large'
