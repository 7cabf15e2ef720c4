import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { doubles, npyFile, type NpyFile } from '../../test/npy-file.ts'
import { compareNpy } from './compare-npy.ts'
import type { Comparison } from './comparator.ts'

const exact = { absolute: 0, relative: 0, l2: undefined, outlierPpm: 0, outlierFactor: 1 }
const compare = (a: Uint8Array, b: Uint8Array, absolute = 0): Comparison =>
  compareNpy.compare({ bytes: a }, { bytes: b }, { ...exact, absolute })
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice()
/** Every element's bytes turned round. */
const swapped = (data: Uint8Array, size: number): Uint8Array =>
  Uint8Array.from({ length: data.length }, (_, i) => data[Math.floor(i / size) * size + size - 1 - (i % size)] ?? 0)

describe('the npy comparator', () => {
  const values = [1, 2, 3, 4, 5, 100]
  const arrays: readonly (readonly [string, Uint8Array])[] = [
    ['i1', bytesOf(Int8Array.from(values))],
    ['u1', bytesOf(Uint8Array.from(values))],
    ['i2', bytesOf(Int16Array.from(values))],
    ['u2', bytesOf(Uint16Array.from(values))],
    ['i4', bytesOf(Int32Array.from(values))],
    ['u4', bytesOf(Uint32Array.from(values))],
    ['i8', bytesOf(BigInt64Array.from(values.map(BigInt)))],
    ['u8', bytesOf(BigUint64Array.from(values.map(BigInt)))],
    ['f2', bytesOf(Uint16Array.from([0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x5640]))],
    ['f4', bytesOf(Float32Array.from(values))],
    ['f8', bytesOf(Float64Array.from(values))],
  ]

  it('reads every numeric type in both byte orders and all versions alike', () => {
    for (const [type, data] of arrays) {
      const size = Number(type[1])
      const mark = size === 1 ? '|' : '<'
      const base = npyFile({ descr: `${mark}${type}`, shape: [6], data })
      for (const version of [1, 2, 3] as const) {
        const other = npyFile({
          descr: size === 1 ? `|${type}` : `>${type}`,
          shape: [6],
          data: swapped(data, size),
          version,
        })
        assert.ok(compare(base, other).equal, `${type} ${version}`)
      }
      const changed = data.slice()
      changed.set(data.subarray(0, size), 5 * size)
      const far = compare(base, npyFile({ descr: `${mark}${type}`, shape: [6], data: changed }), 98)
      assert.deepEqual([far.reason, far.counts], ['number', { numbers: 6, outliers: 0, far: 1 }], type)
      assert.deepEqual(far.differences, [{ place: '[5]', first: '100', second: '1', gap: 99 }], type)
    }
  })

  it('reads complex numbers as their parts', () => {
    const one = npyFile({ descr: '<c16', shape: [2], data: doubles([1, 2, 3, 4]) })
    const other = npyFile({ descr: '<c16', shape: [2], data: doubles([1, 2, 3, 4.5]) })
    assert.deepEqual(compare(one, other).differences[0]?.place, '[1].imag')
    assert.equal(compare(one, other, 0.5).counts.numbers, 4)
    const single = npyFile({ descr: '<c8', shape: [1], data: bytesOf(Float32Array.from([1, 2])) })
    const turned = npyFile({ descr: '>c8', shape: [1], data: swapped(bytesOf(Float32Array.from([1, 2])), 4) })
    assert.ok(compare(single, turned).equal)
  })

  it('takes elements by their index, whichever order they lie in', () => {
    const shape = [2, 3, 2]
    const rows = npyFile({ shape, data: doubles(Array.from({ length: 12 }, (_, i) => i)) })
    const columns = Array.from({ length: 12 }, (_, at) => {
      const [i, j, k] = [at % 2, Math.floor(at / 2) % 3, Math.floor(at / 6)]
      return i * 6 + j * 2 + k
    })
    assert.ok(compare(rows, npyFile({ shape, data: doubles(columns), fortranOrder: true })).equal)
    const off = columns.with(columns.indexOf(9), 10)
    assert.equal(
      compare(rows, npyFile({ shape, data: doubles(off), fortranOrder: true })).differences[0]?.place,
      '[1, 1, 1]',
    )
  })

  it('is exact about 64-bit integers that a double cannot hold', () => {
    const big = (value: bigint): Uint8Array =>
      npyFile({ descr: '<u8', shape: [1], data: bytesOf(BigUint64Array.of(value)) })
    assert.equal(compare(big(2n ** 63n), big(2n ** 63n + 1n)).reason, 'number')
    assert.ok(compare(big(2n ** 63n), big(2n ** 63n + 1n), 1).equal)
    assert.equal(compare(big(2n ** 63n), big(2n ** 63n + 2n), 1).reason, 'number')
  })

  it('wants the same shape, kind and size of element, and the same booleans', () => {
    const data = doubles([1, 2])
    const base = npyFile({ shape: [2], data })
    const others: readonly NpyFile[] = [
      { shape: [2, 1], data },
      { shape: [1], data: data.subarray(0, 8) },
      { shape: [2], data, descr: '<i8' },
      { shape: [2], data: data.subarray(0, 8), descr: '<f4' },
      { shape: [1], data, descr: '<c16' },
    ]
    for (const other of others) assert.equal(compare(base, npyFile(other), 1e15).reason, 'structure')
    const flags = (...bits: number[]): Uint8Array => npyFile({ shape: [2], descr: '|b1', data: Uint8Array.from(bits) })
    assert.equal(compare(flags(0, 1), flags(1, 1), 5).reason, 'text')
  })

  it('answers headers that lie, and types that are no numbers, with malformed', () => {
    const data = doubles([1, 2])
    const good = npyFile({ shape: [2], data })
    const header = (text: string): Uint8Array => npyFile({ shape: [2], data, header: text })
    const spoiled = (at: number, byte: number): Uint8Array => good.with(at, byte)
    for (const [name, bad] of Object.entries({
      'one element too many': npyFile({ shape: [3], data }),
      'one too few': npyFile({ shape: [1], data }),
      'a huge shape': npyFile({ shape: [2 ** 40, 2 ** 40], data }),
      'a shape that overflows to zero': npyFile({ shape: [2 ** 49, 2 ** 49, 2 ** 49], data }),
      'too many dimensions': npyFile({ shape: [...Array.from({ length: 64 }, () => 1), 2], data }),
      'nothing in a dimension, but data': npyFile({ shape: [0, 2 ** 49], data }),
      objects: npyFile({ shape: [2], data, descr: '|O8' }),
      text: npyFile({ shape: [2], data, descr: '<U2' }),
      'long doubles': npyFile({ shape: [1], data, descr: '<f16' }),
      'the byte order of whoever reads': npyFile({ shape: [2], data, descr: '=f8' }),
      records: header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }"),
      'a key twice': header("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"),
      'a key too many': header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': '1', }"),
      'a key too few': header("{'descr': '<f8', 'shape': (2,), }"),
      'a number for a tuple': header("{'descr': '<f8', 'fortran_order': False, 'shape': (2), }"),
      'a negative length': header("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }"),
      'more after the header': header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), } 1"),
      'many spaces': header(`{'descr': ${' '.repeat(3000)}`),
      'another version': spoiled(6, 4),
      'another minor version': spoiled(7, 1),
      'another magic': spoiled(0, 0x92),
      'a header beyond the file': spoiled(9, 0xff),
      nothing: new Uint8Array(0),
      'a cut prefix': good.subarray(0, 9),
      'a cut header': good.subarray(0, 40),
    })) {
      assert.equal(compare(bad, good, 1e15).reason, 'malformed', name)
      assert.equal(compare(good, bad, 1e15).reason, 'malformed', name)
    }
  })

  it('reads keys in any order, with and without the last comma', () => {
    const data = doubles([1])
    for (const header of [
      "{'shape': (1,), 'fortran_order': True, 'descr': '<f8'}",
      "{ 'fortran_order' : False , 'descr' : '<f8' , 'shape' : ( 1 , ) , }",
    ])
      assert.ok(compare(npyFile({ shape: [1], data }), npyFile({ shape: [1], data, header })).equal, header)
  })

  it('decodes half precision as IEEE 754 says', () => {
    const half = (bits: number): Uint8Array =>
      npyFile({ descr: '<f2', shape: [1], data: bytesOf(Uint16Array.of(bits)) })
    const value = (bits: number): string | undefined => compare(half(bits), half(0x7c00)).differences[0]?.first
    const known = { 0x0001: 2 ** -24, 0x03ff: 1023 * 2 ** -24, 0x0400: 2 ** -14, 0xc000: -2, 0x7bff: 65504 }
    for (const [bits, expected] of Object.entries(known)) assert.equal(value(Number(bits)), String(expected))
    assert.equal(value(0x7e00), 'NaN')
    assert.equal(value(0xfc00), '-Infinity')
    assert.ok(compare(half(0x8000), half(0)).equal)
  })

  it('survives any bytes behind its magic', () => {
    const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (a, b) => {
        const result = compare(Uint8Array.from([...magic, ...a]), Uint8Array.from([...magic, ...b]))
        assert.equal(typeof result.equal, 'boolean')
      }),
    )
  })
})
