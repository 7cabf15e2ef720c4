import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { taskClass, type ClassFlags } from './task-class.ts'

const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'

describe('the flags of a class', () => {
  it('say nothing unless they are given', () => {
    assert.deepEqual(taskClass({}), {})
    assert.deepEqual(taskClass({ class: 'D1' }), { determinism: 'D1' })
  })

  it('take a hardware class with D2', () => {
    assert.deepEqual(taskClass({ class: 'D2', hardwareClass }), { determinism: 'D2', hardwareClass })
  })

  it('take limits and rules with D3', () => {
    const tolerance =
      'absolute=1e-9,relative=1e-6,l2=0.5,outliers=100,outlier-factor=10,*.dat=csv,/dev/stdout=json,a=b.txt=npy'
    assert.deepEqual(taskClass({ class: 'D3', tolerance }), {
      determinism: 'D3',
      tolerance: {
        absolute: '1e-9',
        relative: '1e-6',
        l2: '0.5',
        outlierPpm: 100,
        outlierFactor: '10',
        files: [
          { files: '*.dat', comparator: 'csv' },
          { files: '/dev/stdout', comparator: 'json' },
          { files: 'a=b.txt', comparator: 'npy' },
        ],
      },
    })
    assert.deepEqual(taskClass({ class: 'D3', tolerance: 'relative=0.1' }).tolerance, { relative: '0.1' })
  })

  it('are refused by the name of the flag that does not fit', () => {
    const cases: readonly (readonly [ClassFlags, string])[] = [
      [{ class: 'D4' }, '--class'],
      [{ hardwareClass }, '--class'],
      [{ class: 'D2' }, '--hardware-class'],
      [{ class: 'D1', hardwareClass }, '--hardware-class'],
      [{ class: 'D3' }, '--tolerance'],
      [{ class: 'D1', tolerance: 'absolute=1' }, '--tolerance'],
      [{ class: 'D3', tolerance: '' }, '--tolerance'],
      [{ class: 'D3', tolerance: 'absolute' }, '--tolerance'],
      [{ class: 'D3', tolerance: 'absolute=' }, '--tolerance'],
      [{ class: 'D3', tolerance: '=1' }, '--tolerance'],
      [{ class: 'D3', tolerance: 'absolut=1' }, '--tolerance'],
      [{ class: 'D3', tolerance: 'absolute=1,absolute=2' }, '--tolerance'],
    ]
    for (const [flags, field] of cases)
      assert.throws(
        () => taskClass(flags),
        (error) => isMarketError(error) && error.code === 'spec-invalid' && error.details['field'] === field,
        JSON.stringify(flags),
      )
  })
})
