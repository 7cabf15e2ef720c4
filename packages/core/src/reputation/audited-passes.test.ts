import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ShardVerdict } from '@assay/protocol'
import { createTestActor } from '@assay/testkit'
import fc from 'fast-check'
import { auditedPasses, nextPasses } from './audited-passes.ts'

const [a, b] = [createTestActor('a').address, createTestActor('b').address]
const verdict = fc.constantFrom(...ShardVerdict.options)

describe('auditedPasses', () => {
  it('counts audited passes in a row, provider by provider', () => {
    const passes = auditedPasses([
      { provider: a, verdict: 'passed' },
      { provider: b, verdict: 'passed' },
      { provider: a, verdict: 'unsampled' },
      { provider: a, verdict: 'provider-right' },
      { provider: a, verdict: 'nondeterministic' },
      { provider: b, verdict: 'provider-fault' },
    ])
    assert.deepEqual([passes.get(a), passes.get(b)], [2, 0])
  })

  it('continues from what was known', () => {
    assert.equal(auditedPasses([{ provider: a, verdict: 'passed' }], new Map([[a, 9]])).get(a), 10)
    assert.equal(auditedPasses([{ provider: a, verdict: 'both-wrong' }], new Map([[a, 9]])).get(a), 0)
  })

  it('equals the number of audited passes after the last conviction, however the history is cut', () => {
    fc.assert(
      fc.property(fc.array(verdict), fc.nat(), (verdicts, at) => {
        const history = verdicts.map((one) => ({ provider: a, verdict: one }))
        const last = verdicts.findLastIndex((one) => one === 'provider-fault' || one === 'both-wrong')
        const expected = verdicts.slice(last + 1).filter((one) => one === 'passed' || one === 'provider-right').length
        assert.equal(auditedPasses(history).get(a) ?? 0, expected)
        const cut = at % (verdicts.length + 1)
        const twice = auditedPasses(history.slice(cut), auditedPasses(history.slice(0, cut)))
        assert.equal(twice.get(a) ?? 0, expected)
        assert.equal(verdicts.reduce(nextPasses, 0), expected)
      }),
    )
  })
})
