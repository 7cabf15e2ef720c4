import { bytesToHex, ppm, toJson, type ComparatorName, type Json } from '@assay/protocol'
import { comparators } from '../../src/compare/comparators.ts'
import { readTolerance } from '../../src/compare/read-tolerance.ts'
import { doubles, npyFile } from '../npy-file.ts'

const text = (word: string): Uint8Array => new TextEncoder().encode(word)
const array = (values: readonly number[]): Uint8Array => npyFile({ shape: [values.length], data: doubles(values) })

/** Pairs of files with what each comparator says of them, at the edges of its definition. */
export function comparisonVector(): Json {
  const limits = {
    absolute: '1e-9',
    relative: '0.125',
    l2: '0.25',
    outlierPpm: ppm(250_000),
    outlierFactor: '4',
    files: [],
  }
  const tolerance = readTolerance(limits)
  return toJson({
    tolerance: limits,
    cases: cases.map(([comparator, a, b]) => {
      const { equal, reason, counts } = comparators[comparator].compare({ bytes: a }, { bytes: b }, tolerance)
      return { comparator, a: bytesToHex(a), b: bytesToHex(b), equal, ...(reason && { reason }), counts }
    }),
  })
}

const cases: readonly (readonly [ComparatorName, Uint8Array, Uint8Array])[] = [
  ['bytes', text('1'), text('1.0')],
  ['json', text('{"a":8,"b":[true]}'), text(' {"b":[true],"a":7}')],
  ['json', text('{"a":8}'), text('{"a":6.999999}')],
  ['json', text('[8,8,8,8]'), text('[8,8,8,6.5]')],
  ['json', text('[8,8,8,8]'), text('[8,8,6.5,6.5]')],
  ['json', text('[8,8,8,8]'), text('[8,8,8,1]')],
  ['json', text('[1e-9]'), text('[0]')],
  ['json', text('[1e999]'), text('[1e998]')],
  ['json', text('[NaN]'), text('[1]')],
  ['json', text('{"a":1,"a":1}'), text('{"a":1}')],
  ['csv', text('x;nan\n'), text('x;NaN\n')],
  ['csv', text('8,007\n'), text('7,007\n')],
  ['csv', text('8,007\n'), text('7,7\n')],
  ['csv', text('8\n'), text('8\r\n')],
  ['csv', text('8\r\n8\n'), text('8\n')],
  ['npy', array([8, -0, NaN, Infinity]), array([7, 0, NaN, Infinity])],
  ['npy', array([8, 1, NaN]), array([8, 1, 1])],
  ['npy', array([8]), npyFile({ shape: [1], data: doubles([8], false), descr: '>f8', version: 3 })],
  ['npy', array([8]), npyFile({ shape: [1, 1], data: doubles([8]) })],
  ['npy', array([8]), npyFile({ shape: [2], data: doubles([8]) })],
]
