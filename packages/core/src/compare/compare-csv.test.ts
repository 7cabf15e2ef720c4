import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareCsv } from './compare-csv.ts'
import type { Comparison } from './comparator.ts'

const tolerance = { absolute: 0.01, relative: 0, l2: undefined, outlierPpm: 0, outlierFactor: 1 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const compare = (a: string, b: string): Comparison =>
  compareCsv.compare({ bytes: bytes(a) }, { bytes: bytes(b) }, tolerance)

describe('the csv comparator', () => {
  it('compares the cells that are numbers in both files', () => {
    assert.ok(compare('x,y\n1,2\n', 'x,y\n1.001,+2.\n').equal)
    assert.ok(compare('1;2\n', ' 1.000 ;2e0\n').equal)
    assert.ok(compare('nan\tinf\t-Infinity', 'NaN\tInfinity\t-inf').equal)
    assert.ok(compare('.5', '5E-1').equal)
    const far = compare('x,y\n1,2\n3,4\n', 'x,y\n1,2\n3,4.5\n')
    assert.deepEqual([far.reason, far.differences[0]?.place, far.counts.far], ['number', 'row 3, column 2', 1])
  })

  it('wants everything else to be the same text', () => {
    for (const [a, b, reason] of [
      ['x\n1\n', 'y\n1\n', 'text'],
      ['"1"', '"1.001"', 'text'],
      ['"1"', '1', 'text'],
      ['007', '7', 'text'],
      ['1 2', '1 2.001', 'text'],
      ['0x10', '16', 'text'],
      ['1e', '1', 'text'],
      ['', '0', 'text'],
      ['1,2', '1;2', 'structure'],
      ['1,2', '1,2,3', 'structure'],
      ['1\n', '1', 'structure'],
      ['1\n2\n', '1\r\n2\r\n', 'structure'],
    ] as const)
      assert.equal(compare(a, b).reason, reason, JSON.stringify([a, b]))
  })

  it('reads quoted cells as one, line ends and separators inside included', () => {
    assert.ok(compare('"a,\n""b""",1\n', '"a,\n""b""",1.001\n').equal)
    assert.equal(compare('"a,b",1', '"a;b",1').reason, 'text')
    assert.equal(compare('"a\nb",1\n2,3', '"a\nb",1\n2,5').differences[0]?.place, 'row 2, column 2')
  })

  it('answers what is no table with malformed', () => {
    for (const bad of ['1\n2\r\n3\n', '1\r2\r', '"1', '"1"2,3', '"a""', '1\r\n2\n'])
      for (const [a, b] of [
        [bad, `${bad} `],
        [`${bad} `, bad],
      ] as const)
        assert.equal(compare(a, b).reason, 'malformed', JSON.stringify(bad))
    const invalid = { bytes: Uint8Array.of(0x31, 0xff) }
    assert.equal(compareCsv.compare(invalid, { bytes: bytes('1') }, tolerance).reason, 'malformed')
  })

  it('agrees with a table whose numbers are all a little off', () => {
    const cell = fc.oneof(
      fc.integer(),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constantFrom('x', '"q,"', ''),
    )
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })
    const write = (rows: readonly (readonly (number | string)[])[], shift: number): string =>
      rows.map((row) => row.map((one) => (typeof one === 'number' ? one + shift : one)).join(',')).join('\r\n')
    fc.assert(
      fc.property(table, (rows) => {
        assert.ok(compare(write(rows, 0), write(rows, 0.005)).equal)
        const hasNumber = rows.flat().some((one) => typeof one === 'number')
        assert.equal(compare(write(rows, 0), write(rows, 0.05)).equal, !hasNumber)
      }),
    )
  })
})
