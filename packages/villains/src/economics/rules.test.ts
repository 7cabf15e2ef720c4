import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { referenceConditions } from './conditions.ts'
import { createRules, withSafetyFactor } from './rules.ts'

const stake = referenceConditions.stakeUsdc
const past = 1_000_000

describe('createRules', () => {
  it('ours: newcomers whole, then 10/k, then what stake leaves; half the stake at most unsettled', () => {
    const rules = createRules('ours', referenceConditions)
    assert.deepEqual([rules.rate(stake, 0), rules.rate(stake, 9)], [1_000_000, 1_000_000])
    assert.deepEqual([rules.rate(stake, 50), rules.rate(stake, past)], [200_000, 53_428])
    assert.equal(rules.room(stake), stake / 2)
    assert.equal(rules.slash(stake, 1_000_000), 10_000_000)
  })

  it('boinc: 1/n whatever is at stake, and all of it lost', () => {
    const rules = createRules('boinc', referenceConditions)
    assert.deepEqual([rules.rate(stake, 9), rules.rate(stake, 100), rules.rate(1, 100)], [1_000_000, 10_000, 10_000])
    assert.equal(rules.slash(stake, 10_000), stake)
    assert.equal(rules.room(stake), stake / 2)
  })

  it('takes a planted fault', () => {
    assert.equal(createRules('ours', referenceConditions, { contagion: false }).contagion, false)
  })

  it('answers the same however often and in which order it is asked', () => {
    const rules = createRules('ours', referenceConditions)
    const fresh = createRules('ours', referenceConditions)
    for (let one = 1; one < 10_000; one++) rules.rate(one * 5_000, one)
    for (const one of [9_999, 17, 4_200]) assert.equal(rules.rate(one * 5_000, one), fresh.rate(one * 5_000, one))
  })
})

describe('withSafetyFactor', () => {
  it('is the policy itself at its own factor, and in proportion elsewhere', () => {
    const ours = createRules('ours', referenceConditions)
    const same = withSafetyFactor(2)
    assert.equal(same.rate(stake, past), ours.rate(stake, past))
    assert.equal(same.slash(stake, 53_428), ours.slash(stake, 53_428))
    assert.equal(withSafetyFactor(1).rate(stake, past), 26_714)
    assert.equal(withSafetyFactor(1).rate(stake, 0), 1_000_000)
  })
})
