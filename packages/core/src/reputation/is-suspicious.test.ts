import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isSuspicious } from './is-suspicious.ts'

const usual = [10_000, 12_000, 9_000, 11_000]

describe('isSuspicious', () => {
  it('notices a run under a fifth of the median of the others', () => {
    assert.equal(isSuspicious(1_900, usual), true)
    assert.equal(isSuspicious(2_300, usual), false)
    assert.equal(isSuspicious(60_000, usual), false, 'slow is no sign of a lie')
  })

  it('says nothing with too few runs to compare, or runs too short to tell', () => {
    assert.equal(isSuspicious(1, usual.slice(1)), false)
    assert.equal(isSuspicious(1, [900, 900, 900, 900]), false)
  })

  it('is not moved by a minority of odd runs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { maxLength: 3 }), (odd) => {
        assert.equal(isSuspicious(100, [...usual, ...odd]), true)
        assert.equal(isSuspicious(9_000, [...usual, ...odd]), false)
      }),
    )
  })
})
