import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  addUsdc,
  formatUsdc,
  maxOfUsdc,
  maxUsdc,
  minUsdc,
  parseUsdc,
  portionDown,
  portionUp,
  ppmPortionUp,
  subUsdcFloor0,
  sumUsdc,
  timesUsdc,
} from './money.ts'
import { basisPoints, ppm, usdc } from './units.ts'

const amount = fc.bigInt({ min: 0n, max: maxUsdc }).map(usdc)
const points = fc.integer({ min: 0, max: 10_000 }).map(basisPoints)

describe('money', () => {
  it('rounds portions down and up, never by a whole unit', () => {
    fc.assert(
      fc.property(amount, points, (total, share) => {
        const exact = total * BigInt(share)
        const [down, up] = [portionDown(total, share), portionUp(total, share)]
        assert.ok(down * 10_000n <= exact && exact < (down + 1n) * 10_000n)
        assert.ok(up * 10_000n >= exact && exact > (up - 1n) * 10_000n)
        assert.ok(down <= total && up <= total)
      }),
    )
  })

  it('rounds parts per million up', () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 1_000_000 }).map(ppm), (total, share) => {
        const up = ppmPortionUp(total, share)
        assert.ok(up * 1_000_000n >= total * BigInt(share) && (up - 1n) * 1_000_000n < total * BigInt(share))
      }),
    )
  })

  it('adds, multiplies and compares', () => {
    fc.assert(
      fc.property(amount, amount, fc.nat({ max: 5000 }), (a, b, n) => {
        assert.equal(addUsdc(a, b), a + b)
        assert.equal(sumUsdc([a, b, a]), 2n * a + b)
        assert.equal(timesUsdc(a, n), a * BigInt(n))
        assert.equal(subUsdcFloor0(a, b), a > b ? a - b : 0n)
        assert.deepEqual([minUsdc(a, b), maxOfUsdc(a, b)], a < b ? [a, b] : [b, a])
      }),
    )
    assert.equal(sumUsdc([]), 0n)
  })

  it('writes amounts with six places and reads them back', () => {
    assert.equal(formatUsdc(usdc(10_000n)), '0.010000')
    assert.equal(formatUsdc(usdc(0n)), '0.000000')
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 19n }).map(usdc), (a) => assert.equal(parseUsdc(formatUsdc(a)), a)),
    )
  })

  it('reads whole USDC and refuses what is not', () => {
    assert.equal(parseUsdc('5'), 5_000_000n)
    assert.equal(parseUsdc('0.25'), 250_000n)
    for (const text of [
      '',
      '.5',
      '5.',
      '-1',
      '+1',
      '1e3',
      '1,5',
      ' 1',
      '0.1234567',
      '0x1',
      '18446744073709.551616',
      '1.2.3',
    ])
      assert.equal(parseUsdc(text), undefined, text)
    assert.equal(parseUsdc('18446744073709.551615'), maxUsdc)
  })
})
