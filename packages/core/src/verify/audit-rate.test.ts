import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ppm, usdc, type DeterminismClass, type Ppm } from '@assay/protocol'
import fc from 'fast-check'
import { requiredRate } from './audit-rate.ts'
import { verificationPolicy } from './policy.ts'

const { rateFloorPpm, safetyFactor, catchPpm, falseConvictionPpm } = verificationPolicy
const rateOf = (
  determinism: DeterminismClass,
  ...[price, stake, passes, min = 0]: readonly [price: bigint, stake: bigint, passes: number, min?: number]
): Ppm =>
  requiredRate({
    priceUsdc: usdc(price),
    stakeUsdc: usdc(stake),
    auditedPasses: passes,
    minRatePpm: ppm(min),
    determinism,
  })
const rate = (price: bigint, stake: bigint, passes: number, min = 0): Ppm => rateOf('D1', price, stake, passes, min)

const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const price = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
const passes = fc.nat({ max: 100_000 })
const minimum = fc.integer({ min: 0, max: 1_000_000 })

describe('requiredRate', () => {
  it('gives the reference figures', () => {
    // P = 1 USDC, A = 50 USDC: 2 / (0.734 · 51) = 5.34274… %, rounded up.
    assert.equal(rate(1_000_000n, 50_000_000n, 1_000_000), 53_428)
    assert.equal(rate(1_000_000n, 5_000_000n, 1_000_000), 454_133)
    assert.equal(rate(1_000_000n, 500_000_000n, 1_000_000), rateFloorPpm)
    assert.equal(rate(1_000_000n, 0n, 1_000_000), 1_000_000)
    assert.equal(rate(0n, 0n, 1_000_000), 1_000_000)
  })

  it('rises with class D3 to what its reduced slash of five prices leaves to chance, whatever the stake', () => {
    // 2 / (0.734 · 6) = 45.413… %, rounded up.
    for (const stake of [5_000_000n, 50_000_000n, 2n ** 60n])
      assert.equal(rateOf('D3', 1_000_000n, stake, 1_000_000), 454_133)
    assert.equal(rateOf('D3', 1_000_000n, 0n, 1_000_000), 1_000_000)
    fc.assert(
      fc.property(price, amount, passes, (p, a, k) => {
        assert.equal(rateOf('D2', p, a, k), rate(p, a, k))
        const got = BigInt(rateOf('D3', p, a, k))
        assert.ok(got >= rate(p, a, k))
        const seizable = a < 5n * p ? a : 5n * p
        if (got < 1_000_000n)
          assert.ok(
            got * (catchPpm - falseConvictionPpm) * (p + seizable) >= safetyFactor * p * 1_000_000n * 1_000_000n,
          )
      }),
    )
  })

  it('audits newcomers always, then 10/k', () => {
    for (let k = 0; k <= 10; k++) assert.equal(rate(1n, 2n ** 60n, k), 1_000_000)
    assert.equal(rate(1n, 2n ** 60n, 11), 909_091)
    assert.equal(rate(1n, 2n ** 60n, 100), 100_000)
    assert.equal(rate(1n, 2n ** 60n, 1_000_000), rateFloorPpm)
  })

  it('never falls below the floor or the client minimum, nor rises above one', () => {
    fc.assert(
      fc.property(price, amount, passes, minimum, (p, a, k, min) => {
        const got = rate(p, a, k, min)
        assert.ok(Number.isInteger(got) && got >= rateFloorPpm && got >= min && got <= 1_000_000)
      }),
    )
  })

  it('never rises with stake or with passes, never falls with the price', () => {
    fc.assert(
      fc.property(price, amount, passes, fc.tuple(minimum, amount, passes), (p, a, k, [min, moreStake, morePasses]) => {
        assert.ok(rate(p, a + moreStake, k, min) <= rate(p, a, k, min))
        assert.ok(rate(p, a, k + morePasses, min) <= rate(p, a, k, min))
        assert.ok(rate(p + moreStake, a, k, min) >= rate(p, a, k, min))
      }),
    )
  })

  it('deters: rate · (d − α) · (P + A) covers the gain σ times over wherever the rate is below one', () => {
    fc.assert(
      fc.property(price, amount, passes, (p, a, k) => {
        const got = BigInt(rate(p, a, k))
        if (got < 1_000_000n)
          assert.ok(got * (catchPpm - falseConvictionPpm) * (p + a) >= safetyFactor * p * 1_000_000n * 1_000_000n)
      }),
    )
  })
})
