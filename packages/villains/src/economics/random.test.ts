import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom } from './random.ts'

const draw = (seed: number, label = '', count = 1000): number[] => {
  const random = createRandom(seed, label)
  return Array.from({ length: count }, () => random.next())
}

describe('createRandom', () => {
  it('repeats itself for equal seed and label, and for nothing else', () => {
    assert.deepEqual(draw(1, 'a'), draw(1, 'a'))
    const streams = [draw(1, 'a'), draw(1, 'b'), draw(2, 'a'), draw(2 ** 32 + 1, 'a'), draw(0)].map((one) => one.join())
    assert.equal(new Set(streams).size, streams.length)
  })

  it('gives the same numbers on every machine', () => {
    assert.deepEqual(
      draw(42, 'assay', 4).map((value) => value * 2 ** 32),
      expected,
    )
  })

  it('is uniform: 64 cells within five standard deviations, in every pair of neighbours too', () => {
    const values = draw(7, 'uniform', 200_000)
    const cells = (of: (at: number) => number): number =>
      values
        .reduce((counts, _, at) => {
          counts[of(at)]! += 1
          return counts
        }, new Float64Array(64))
        .reduce((sum, count) => sum + (count - values.length / 64) ** 2, 0) /
      (values.length / 64)
    // Chi-square with 63 degrees of freedom: mean 63, deviation 11.2.
    const pair = (at: number): number =>
      Math.floor(values[at]! * 8) * 8 + Math.floor((values[at + 1] ?? values[0]!) * 8)
    for (const square of [cells((at) => Math.floor(values[at]! * 64)), cells(pair)])
      assert.ok(square > 63 - 56 && square < 63 + 56, String(square))
  })

  it('succeeds as often as asked', () => {
    const random = createRandom(3, 'chance')
    assert.equal(random.successes(1000, 0), 0)
    assert.equal(random.successes(1000, 1), 1000)
    const found = random.successes(100_000, 0.2)
    assert.ok(Math.abs(found - 20_000) < 5 * Math.sqrt(16_000), String(found))
    for (let i = 0; i < 1000; i++) assert.ok([0, 1, 2].includes(random.below(3)))
  })
})

const expected = [2500808876, 2688762014, 2879162758, 2962018850]
