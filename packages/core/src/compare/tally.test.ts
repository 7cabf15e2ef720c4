import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Comparison } from './comparator.ts'
import { limits } from './limits.ts'
import type { NumericTolerance } from './read-tolerance.ts'
import { createTally } from './tally.ts'

const exact: NumericTolerance = { absolute: 0, relative: 0, l2: undefined, outlierPpm: 0, outlierFactor: 1 }
function tally(a: readonly number[], b: readonly number[], tolerance: Partial<NumericTolerance> = {}): Comparison {
  const counted = createTally({ ...exact, ...tolerance }, String)
  a.forEach((value, i) => counted.number(value, b[i] ?? NaN, () => [i]))
  return counted.end()
}
const equal = (a: number, b: number, tolerance: Partial<NumericTolerance> = {}): boolean =>
  tally([a], [b], tolerance).equal

describe('a tally of numbers', () => {
  it('takes NaN for NaN, −0 for 0 and an infinity for itself, whatever the limits', () => {
    for (const [a, b] of [
      [NaN, NaN],
      [-0, 0],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [Number.MAX_VALUE, Number.MAX_VALUE],
    ] as const)
      assert.ok(equal(a, b) && equal(b, a, { l2: 0 }))
    const wide = { absolute: 1e15, relative: 1, outlierPpm: 1_000_000, outlierFactor: 1e6 }
    for (const [a, b] of [
      [NaN, 0],
      [Infinity, -Infinity],
      [Infinity, Number.MAX_VALUE],
      [NaN, Infinity],
      [Number.MAX_VALUE, -Number.MAX_VALUE],
    ] as const)
      assert.deepEqual([equal(a, b, wide), equal(b, a, wide)], [false, false], `${a} ${b}`)
  })

  it('lets a number be off by absolute + relative · the larger of the two, and no more', () => {
    assert.ok(equal(1, 1.5, { absolute: 0.5 }))
    assert.ok(!equal(1, 1.5000000000000002, { absolute: 0.5 }))
    assert.ok(equal(1, 2, { relative: 0.5 }) && equal(2, 1, { relative: 0.5 }) && equal(-2, -1, { relative: 0.5 }))
    assert.ok(!equal(1, 2.0000000000000004, { relative: 0.5 }))
    assert.ok(equal(1, 2.5, { absolute: 0.25, relative: 0.5 }))
    assert.ok(!equal(1, 2.5, { absolute: 0.24, relative: 0.5 }))
  })

  it('lets a share of the numbers be outliers, near enough', () => {
    const a = Array.from({ length: 100 }, () => 1)
    const off = (count: number, gap: number): Comparison =>
      tally(
        a,
        a.map((one, i) => (i < count ? one + gap : one)),
        {
          absolute: 0.125,
          outlierPpm: 20_000,
          outlierFactor: 4,
        },
      )
    assert.ok(off(2, 0.5).equal)
    assert.equal(off(3, 0.5).reason, 'outliers')
    assert.equal(off(1, 0.5000001).reason, 'number')
    assert.deepEqual(off(3, 0.5).counts, { numbers: 100, outliers: 3, far: 0 })
    assert.deepEqual(off(1, 9).counts, { numbers: 100, outliers: 0, far: 1 })
  })

  it('bounds what all numbers together are off', () => {
    const within = { absolute: 1 }
    assert.ok(tally([3, 4], [3, 4.5], { ...within, l2: 0.1 }).equal)
    assert.equal(tally([3, 4], [3, 4.5], { ...within, l2: 0.09 }).reason, 'l2')
    assert.ok(tally([0, 0], [0, 0], { l2: 0 }).equal)
    assert.equal(tally([1], [1.5], { ...within, l2: 0 }).reason, 'l2')
    // Squares that overflow bound nothing from above: such a file is held to be too far off.
    assert.equal(tally([1e200], [2e200], { relative: 1, l2: 1 }).reason, 'l2')
    assert.ok(tally([1e200, 1], [1e200, 1.5], { relative: 1, l2: 1 }).equal)
  })

  it('shows the largest differences first, what is no number before all', () => {
    const counted = createTally({ ...exact, absolute: 1e6 }, String)
    for (let i = 0; i < 20; i++) counted.number(0, (i * 7) % 20, () => [i])
    counted.text('a', 'b'.repeat(200), () => ['text'])
    const { differences, reason } = counted.end()
    assert.equal(reason, 'text')
    assert.equal(differences.length, limits.differences)
    assert.deepEqual(
      differences.map(({ gap }) => gap),
      [undefined, 19, 18, 17, 16, 15, 14, 13],
    )
    assert.equal(differences[0]?.second.length, limits.shownChars + 1)
  })

  it('counts the same whichever file comes first', () => {
    const value = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value)), fc.double({ min: 0, max: 1, noNaN: true }), (all, limit) => {
        const [a, b] = [all.map(([x]) => x), all.map(([, y]) => y)]
        const tolerance = { absolute: limit, relative: limit, l2: limit, outlierPpm: 300_000, outlierFactor: 3 }
        const [one, other] = [tally(a, b, tolerance), tally(b, a, tolerance)]
        assert.deepEqual([one.equal, one.reason, one.counts], [other.equal, other.reason, other.counts])
      }),
    )
  })
})
