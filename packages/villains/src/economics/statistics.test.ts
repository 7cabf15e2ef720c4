import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { captured, createTally, exceeds } from './statistics.ts'

describe('createTally', () => {
  it('gives mean and standard error of what was added', () => {
    const tally = createTally()
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) tally.add(value)
    const { mean, standardError, count } = tally.estimate()
    assert.equal(mean, 5)
    assert.equal(count, 8)
    assert.ok(Math.abs(standardError - Math.sqrt(32 / 7 / 8)) < 1e-12)
  })

  it('knows nothing from a single value', () => {
    const tally = createTally()
    tally.add(1)
    assert.equal(tally.estimate().standardError, Number.POSITIVE_INFINITY)
    assert.equal(exceeds(tally.estimate(), 0), false)
  })
})

describe('exceeds', () => {
  it('asks for more than three standard errors', () => {
    assert.equal(exceeds({ mean: 3, standardError: 1, count: 9 }, 0), false)
    assert.equal(exceeds({ mean: 3.01, standardError: 1, count: 9 }, 0), true)
  })
})

describe('captured', () => {
  it('is the chance of a majority', () => {
    assert.equal(captured(1, 0.2), 0.2)
    assert.ok(Math.abs(captured(3, 0.2) - (3 * 0.04 * 0.8 + 0.008)) < 1e-12)
    assert.ok(Math.abs(captured(31, 0.5) - 0.5) < 1e-12)
    assert.deepEqual([captured(7, 0), captured(7, 1)], [0, 1])
  })
})
