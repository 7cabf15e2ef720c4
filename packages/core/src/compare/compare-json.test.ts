import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareJson } from './compare-json.ts'
import type { Comparison } from './comparator.ts'
import { limits } from './limits.ts'

const tolerance = { absolute: 0.01, relative: 0, l2: undefined, outlierPpm: 0, outlierFactor: 1 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const compare = (a: string, b: string): Comparison =>
  compareJson.compare({ bytes: bytes(a) }, { bytes: bytes(b) }, tolerance)

describe('the json comparator', () => {
  it('compares numbers wherever they stand, and minds neither space nor the order of keys', () => {
    assert.ok(compare('{"a":{"b":[1,2]},"c":3}', ' { "c" : 3.001,\n "a":{"b":[1.0 , 20e-1]} } ').equal)
    const far = compare('{"a":{"b":[1,2]},"c":3}', '{"a":{"b":[1,2.5]},"c":3.001}')
    assert.equal(far.reason, 'number')
    assert.deepEqual(far.differences[0], { place: '/a/b/1', first: '2', second: '2.5', gap: 0.5 })
    assert.deepEqual(far.counts, { numbers: 3, outliers: 0, far: 1 })
  })

  it('wants everything else to be the same', () => {
    for (const [a, b, reason] of [
      ['{"a":"1"}', '{"a":"1.001"}', 'text'],
      ['[true]', '[false]', 'text'],
      ['[true]', '[1]', 'structure'],
      ['[null]', '[0]', 'structure'],
      ['[1,2]', '[1]', 'structure'],
      ['{}', '[]', 'structure'],
      ['{"a":1}', '{"a":1,"b":1}', 'structure'],
      ['{"a":1}', '{"b":1}', 'structure'],
      ['"1"', '1', 'structure'],
    ] as const)
      assert.equal(compare(a, b).reason, reason, `${a} ${b}`)
  })

  it('escapes the place as a JSON pointer', () => {
    assert.equal(compare('{"a/b":{"~":[1]}}', '{"a/b":{"~":[2]}}').differences[0]?.place, '/a~1b/~0/0')
  })

  it('reads keys that JavaScript knows as any other', () => {
    assert.equal(compare('{"__proto__":1}', '{"__proto__":2}').reason, 'number')
    assert.equal(compare('{"__proto__":1}', '{}').reason, 'structure')
    assert.equal(compare('{"toString":1}', '{}').reason, 'structure')
  })

  it('answers hostile documents with malformed, at once', () => {
    const deep = '['.repeat(limits.jsonDepth)
    const end = ']'.repeat(limits.jsonDepth)
    assert.ok(compare(`${deep}1${end}`, `${deep}1.001${end}`).equal)
    for (const bad of [
      `[${deep}1${end}]`,
      '['.repeat(1_000_000),
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '{"a":{"b":1,"b":2}}',
      '[NaN]',
      '[1,]',
      '[01]',
      '"\\x"',
      '',
      '[1] [2]',
      '\ufeff[1]',
    ]) {
      assert.equal(compare(bad, '[1]').reason, 'malformed', bad.slice(0, 40))
      assert.equal(compare('[1]', bad).reason, 'malformed', bad.slice(0, 40))
    }
    const invalid = { bytes: Uint8Array.of(0x22, 0xff, 0x22) }
    assert.equal(compareJson.compare(invalid, { bytes: bytes('"a"') }, tolerance).reason, 'malformed')
  })

  it('bounds how many values a document may hold', () => {
    const many = `[${'1,'.repeat(limits.jsonValues)}1]`
    assert.equal(compare(many, '[1]').reason, 'malformed')
    const keys = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"${i}":1`).join(',')}}`
    assert.equal(compare(keys(limits.jsonKeys + 1), '{}').reason, 'malformed')
    assert.equal(compare(keys(limits.jsonKeys), '{}').reason, 'structure')
  })

  it('agrees with itself written in any other way', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        assert.ok(compare(text, JSON.stringify(value, undefined, 1)).equal)
        assert.ok(compare(text, ` ${text}`).equal)
      }),
    )
  })
})
