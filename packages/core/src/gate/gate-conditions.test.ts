import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { gateConditions } from './gate-conditions.ts'

describe('gateConditions', () => {
  it('differs from a paid run in everything, in every later run', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 2, max: 64 }),
        (run, paid, engine) => {
          const first = gateConditions(0, paid, engine)
          const later = gateConditions(run, paid, engine)
          for (const name of ['hostname', 'locale', 'timeZone', 'cpuCount', 'inputOrder'] as const)
            assert.notEqual(later[name], first[name], name)
          assert.ok(later.cpuCount >= 1 && later.cpuCount <= Math.max(paid, engine))
        },
      ),
    )
  })

  it('keeps one core where there is only one', () => {
    assert.equal(gateConditions(1, 1, 1).cpuCount, 1)
  })

  it('gives no two runs of a check the same host name', () => {
    assert.equal(new Set(Array.from({ length: 9 }, (_, run) => gateConditions(run, 1, 2).hostname)).size, 9)
  })
})
