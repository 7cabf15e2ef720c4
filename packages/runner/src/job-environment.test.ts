import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEnvironment, defaultPath, fixedConditions, type EnvironmentSources } from './job-environment.ts'

const create = (parts: Partial<EnvironmentSources> = {}): ReadonlyMap<string, string> =>
  createEnvironment({ image: [], task: {}, conditions: fixedConditions, architecture: 'x86_64', ...parts })

describe('job environment', () => {
  it('is exactly this for a bare image', () => {
    assert.deepEqual(Object.fromEntries(create()), {
      GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4',
      HOME: '/tmp',
      HOSTNAME: 'assay',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      MKL_CBWR: 'COMPATIBLE',
      MKL_NUM_THREADS: '1',
      OMP_NUM_THREADS: '1',
      OPENBLAS_CORETYPE: 'Prescott',
      OPENBLAS_NUM_THREADS: '1',
      PATH: defaultPath,
      PYTHONHASHSEED: '0',
      SOURCE_DATE_EPOCH: '0',
      TZ: 'UTC',
    })
  })

  it('is sorted, so that the order cannot differ between machines', () => {
    const names = [...create({ image: ['zebra=1', 'A=2'], task: { m: '3', _: '4' } }).keys()]
    assert.deepEqual(names, names.toSorted())
  })

  it('lets the task win over the pins, and the pins over the image', () => {
    const made = create({ image: ['TZ=Mars/Base', 'PATH=/opt/bin', 'HOME=/root', 'X=1=2'], task: { HOME: '/out' } })
    assert.deepEqual(
      ['TZ', 'PATH', 'HOME', 'X'].map((name) => made.get(name)),
      ['UTC', '/opt/bin', '/out', '1=2'],
    )
  })

  it('ignores lines of an image that set nothing', () => {
    assert.deepEqual([...create({ image: ['', '=x', 'noequals'] }).keys()], [...create().keys()])
  })

  it('follows the conditions of a determinism check', () => {
    const conditions = { ...fixedConditions, hostname: 'h', locale: 'C', timeZone: 'Asia/Tokyo' }
    const made = create({ conditions })
    assert.deepEqual(
      ['HOSTNAME', 'LANG', 'LC_ALL', 'TZ'].map((name) => made.get(name)),
      ['h', 'C', 'C', 'Asia/Tokyo'],
    )
  })

  it('pins the instruction set only where the pins mean something', () => {
    const made = create({ architecture: 'aarch64' })
    assert.deepEqual(
      ['GLIBC_TUNABLES', 'MKL_CBWR', 'OPENBLAS_CORETYPE'].filter((name) => made.has(name)),
      [],
    )
  })
})
