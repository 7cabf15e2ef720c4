import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  bytesToHex,
  concatBytes,
  encodeCanonical,
  encodeCanonicalBytes,
  hexToBytes,
  keccakText,
  sha256Hex,
  type Json,
} from './canonical.ts'

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }) as fc.Arbitrary<Json>

describe('encodeCanonical', () => {
  it('follows RFC 8785: sorted keys by UTF-16, shortest numbers, least escapes', () => {
    assert.equal(
      encodeCanonical({
        '\u20ac': 'Euro',
        '\r': 'CR',
        '1': 'One',
        '\u00f6': 'o',
        '\ud83d\ude02': 'tears',
        '\ufb33': 'dalet',
      }),
      '{"\\r":"CR","1":"One","ö":"o","€":"Euro","😂":"tears","\ufb33":"dalet"}',
    )
    assert.equal(
      encodeCanonical([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0]),
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    )
    assert.equal(encodeCanonical('\u20ac$\u000f\nA\'B"\\\\"/'), '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"')
  })

  it('depends on the value, not on the order of its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json, { noNullPrototype: true }), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        assert.equal(encodeCanonical(turned), encodeCanonical(value))
      }),
    )
  })

  it('is JSON for the same value, and a fixed point', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = encodeCanonical(value)
        const read = JSON.parse(text) as Json
        assert.equal(encodeCanonical(read), text)
        assert.equal(JSON.stringify(sorted(read)), JSON.stringify(sorted(JSON.parse(JSON.stringify(value)) as Json)))
      }),
    )
  })

  it('has no text for what is no JSON value', () => {
    for (const value of [undefined, NaN, Infinity, '\ud800']) assert.throws(() => encodeCanonical(value as never))
  })

  it('leaves absent fields out', () => {
    assert.equal(encodeCanonical({ a: undefined, b: 1 }), '{"b":1}')
  })
})

describe('hashes and hex', () => {
  it('hash as everybody else', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.equal(sha256Hex(bytes), `0x${createHash('sha256').update(bytes).digest('hex')}`)
      }),
    )
    assert.equal(keccakText(''), '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  })

  it('go from bytes to hex and back', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(hexToBytes(bytesToHex(bytes)), bytes)))
  })

  it('join bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (parts) => {
        assert.deepEqual(
          [...concatBytes(...parts)],
          parts.flatMap((part) => [...part]),
        )
      }),
    )
  })

  it('encode canonical text as UTF-8', () => {
    assert.deepEqual(encodeCanonicalBytes('é'), Uint8Array.of(0x22, 0xc3, 0xa9, 0x22))
  })
})

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value as Record<string, Json>).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
