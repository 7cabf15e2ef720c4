import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createManifest, hashBlob, type ManifestEntry } from '@assay/protocol'
import fc from 'fast-check'
import type { GateRun } from './compare-results.ts'
import { gradeFile, gradeResults, proposeFix, worstGrade } from './grade-results.ts'
import { readJson } from './read-values.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const grade = (path: string, a: string, b: string): string => gradeFile(path, bytes(a), bytes(b)).grade

function npy(type: 'f8' | 'f4', values: readonly number[]): Uint8Array {
  const header = `{'descr': '<${type}', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117) + '\n'
  const size = type === 'f8' ? 8 : 4
  const out = new Uint8Array(10 + header.length + values.length * size)
  const view = new DataView(out.buffer)
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  view.setUint16(8, header.length, true)
  out.set(bytes(header), 10)
  for (const [i, value] of values.entries())
    if (type === 'f8') view.setFloat64(10 + header.length + i * 8, value, true)
    else view.setFloat32(10 + header.length + i * 4, value, true)
  return out
}

describe('a grade', () => {
  it('is exact after canonicalisation where only the way of writing differs', () => {
    assert.equal(grade('a.json', '{"b":1.0,"a":[-0]}', '{ "a": [0], "b": 1 }\n'), 'exact-after-canonicalisation')
    assert.equal(grade('a.jsonl', '{"a":1}\n{"b":2e0}\n', '{"a":1.0}\n{"b":2}\n'), 'exact-after-canonicalisation')
    assert.equal(grade('', '{"b":1,"a":2}', '{"a":2,"b":1}'), 'exact-after-canonicalisation')
    assert.equal(grade('a.csv', 'x,1.50,-0\n', 'x,1.5,0\n'), 'exact-after-canonicalisation')
    assert.equal(grade('a.csv', 'x,nan\n', 'x,NaN\n'), 'exact-after-canonicalisation')
  })

  it('is within tolerance where numbers are near each other, and says how near', () => {
    const found = gradeFile('a.json', bytes('{"sum":1000.0}'), bytes('{"sum":1000.5}'))
    assert.deepEqual([found.grade, found.largest?.absolute], ['within-tolerance', 0.5])
    assert.ok((found.largest?.relative ?? 0) > 0.0004 && (found.largest?.relative ?? 1) < 0.0006)
    assert.equal(grade('a.csv', 'a;1.0000001\n', 'a;1.0000002\n'), 'within-tolerance')
    const arrays = gradeFile('a.npy', npy('f8', [1, 2]), npy('f8', [1, 2 + 1e-12]))
    assert.equal(arrays.grade, 'within-tolerance')
    assert.match(proposeFix({ grade: arrays.grade, files: [arrays] }), /class D3 .* 1\.0e-12 absolute/)
  })

  it('is unverifiable for other numbers, other words, other shapes and lines that end otherwise', () => {
    for (const [path, a, b] of [
      ['a.json', '{"a":1}', '{"a":2}'],
      ['a.json', '{"a":1}', '{"b":1}'],
      ['a.json', '[1]', '[1,1]'],
      ['a.json', '["1"]', '[1]'],
      ['a.csv', 'a,1\n', 'b,1\n'],
      ['a.csv', 'a,1\n', 'a,1\r\n,'],
      ['a.txt', 'at 12:00', 'at 12:01'],
    ] as const)
      assert.equal(grade(path, a, b), 'unverifiable', `${a} ${b}`)
    assert.equal(gradeFile('a.npy', npy('f4', [1]), npy('f8', [1])).grade, 'unverifiable')
    assert.equal(gradeFile('a.npy', npy('f8', [1]), npy('f8', [Number.NaN])).grade, 'unverifiable')
    assert.equal(gradeFile('a.npy', npy('f8', [Infinity]), npy('f8', [1])).grade, 'unverifiable')
  })

  it('reads no JSON whose canonical form would lose something', () => {
    for (const text of ['{"a":1,"a":2}', '[9007199254740993]', '[1e999]', '{"a":1', 'NaN'])
      assert.equal(readJson(text), undefined, text)
    assert.ok(readJson('{"a:\\"b":[1,{"c":-2.5e3}]}') !== undefined)
  })

  it('never calls two different JSON values the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [x, y] = [JSON.stringify(a), JSON.stringify(b)]
        const found = gradeFile('a.json', bytes(x), bytes(y))
        if (found.grade !== 'exact-after-canonicalisation') return
        const zero = (_: string, value: unknown): unknown => (value === 0 ? 0 : value)
        assert.deepEqual(JSON.parse(x, zero), JSON.parse(y, zero))
      }),
    )
  })

  it('survives any bytes', () => {
    const paths = fc.constantFrom('a.npy', 'a.csv', 'a.json', 'a.jsonl', '')
    fc.assert(fc.property(paths, fc.uint8Array(), fc.uint8Array(), (path, a, b) => void gradeFile(path, a, b)))
    fc.assert(fc.property(fc.uint8Array(), (tail) => void gradeFile('a.npy', concat(npy('f8', [1]), tail), tail)))
  })

  it('of a result is the worst of its files, and a file that only one run has is the worst of all', async () => {
    const both = await gradeResults(
      await runOf({ 'a.json': '[1]', b: 'x' }),
      await runOf({ 'a.json': '[1.0]', b: 'x' }),
    )
    assert.equal(both.grade, 'exact-after-canonicalisation')
    const missing = await gradeResults(await runOf({ 'a.json': '[1]' }), await runOf({ 'a.json': '[1.0]', c: 'y' }))
    assert.equal(missing.grade, 'unverifiable')
    assert.equal(worstGrade([]), 'exact')
  })
})

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.from([...a, ...b])

async function runOf(files: Readonly<Record<string, string>>): Promise<GateRun> {
  const entries: ManifestEntry[] = []
  for (const [path, text] of Object.entries(files))
    entries.push({ kind: 'file', path, executable: false, ...(await hashBlob(bytes(text))) })
  const made = createManifest(entries)
  assert.ok(!('fault' in made))
  return {
    manifest: made.manifest,
    conditions: { hostname: 'assay', locale: 'C.UTF-8', timeZone: 'UTC', cpuCount: 1, inputOrder: 'sorted' },
    async *open(path) {
      yield bytes(files[path] ?? '')
    },
  }
}
