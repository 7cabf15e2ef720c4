import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from './limits.ts'
import { comparatorFor, Tolerance } from './tolerance.ts'

const tolerance: Tolerance = Tolerance.parse({
  absolute: '0',
  relative: '1e-6',
  l2: '0.5',
  outlierPpm: 100,
  outlierFactor: '10',
  files: [
    { files: 'exact.csv', comparator: 'bytes' },
    { files: '*.csv', comparator: 'csv' },
    { files: '/dev/stdout', comparator: 'json' },
    { files: '*/grid.npy', comparator: 'npy' },
  ],
})

describe('a tolerance', () => {
  it('takes limits that every machine reads alike, and nothing else', () => {
    const takes = (absolute: unknown): boolean => Tolerance.safeParse({ ...tolerance, absolute }).success
    for (const good of ['0', '1', '0.5', '12.25', '1e-9', '2.5e10', '1e-999', '1e15']) assert.ok(takes(good), good)
    for (const bad of [
      '',
      '.5',
      '5.',
      '01',
      '+1',
      '-1',
      '1E5',
      '1e+5',
      '1e05',
      '1e16',
      'NaN',
      'Infinity',
      '0x1',
      ' 1',
      1,
    ])
      assert.ok(!takes(bad), String(bad))
    assert.ok(!takes('1'.repeat(limits.toleranceChars + 1)))
  })

  it('bounds each limit by what it means', () => {
    const takes = (more: object): boolean => Tolerance.safeParse({ ...tolerance, ...more }).success
    assert.ok(takes({ relative: '1', l2: '1', outlierFactor: '1000000', outlierPpm: 1_000_000 }))
    assert.ok(!takes({ relative: '1.1' }))
    assert.ok(!takes({ l2: '1.1' }))
    assert.ok(!takes({ outlierFactor: '0.9' }))
    assert.ok(!takes({ outlierPpm: 1_000_001 }))
    assert.ok(!takes({ files: [] }))
    for (const files of ['', 'a*b', '**', '*a*']) assert.ok(!takes({ files: [{ files, comparator: 'csv' }] }), files)
  })

  it('lets the first rule that fits a file decide, and bytes where none does', () => {
    const names = ['exact.csv', 'a/exact.csv', 'x.csv', 'x.csv.gz', '', 'dev/stdout', 'a/grid.npy', 'grid.npy']
    assert.deepEqual(
      names.map((path) => comparatorFor(tolerance, path)),
      ['bytes', 'csv', 'csv', 'bytes', 'json', 'bytes', 'npy', 'bytes'],
    )
    const all = { ...tolerance, files: [{ files: '*', comparator: 'json' as const }] }
    assert.deepEqual([comparatorFor(all, 'any'), comparatorFor(all, '')], ['json', 'bytes'])
  })
})
