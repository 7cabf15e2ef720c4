import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ppm, usdc, type DeterminismClass } from '@assay/protocol'
import fc from 'fast-check'
import { verificationPolicy } from './policy.ts'
import { slashAmount } from './slash-amount.ts'

const { safetyFactor, catchPpm, falseConvictionPpm } = verificationPolicy
const slash = (price: bigint, stake: bigint, rate: number, determinism: DeterminismClass = 'D1'): bigint =>
  slashAmount({ priceUsdc: usdc(price), stakeUsdc: usdc(stake), ratePpm: ppm(rate), determinism })
const money = fc.bigInt({ min: 0n, max: 10n ** 15n })
const rates = fc.integer({ min: 1, max: 1_000_000 })

describe('slashAmount', () => {
  it('takes at least ten prices and what deterrence needs at the rate', () => {
    assert.equal(slash(1_000_000n, 500_000_000n, 1_000_000), 10_000_000n)
    // ⌈2 / (0.01 · 0.734)⌉ − 1 = 271.479564 … prices at the floor.
    assert.equal(slash(1_000_000n, 500_000_000n, 10_000), 271_479_565n)
  })

  it('never takes more than the stake, and all of it when that is small', () => {
    assert.equal(slash(1_000_000n, 3n, 10_000), 3n)
    assert.equal(slash(1_000_000n, 0n, 10_000), 0n)
    assert.equal(slash(1_000_000n, 7_000_000n, 0), 7_000_000n)
    fc.assert(fc.property(money, money, rates, (p, a, rate) => slash(p, a, rate) <= a))
  })

  it('makes the loss cover the gain σ times over when the stake allows it', () => {
    fc.assert(
      fc.property(money, rates, (p, rate) => {
        const taken = slash(p, 2n ** 100n, rate)
        assert.ok(taken >= 10n * p)
        assert.ok(BigInt(rate) * (catchPpm - falseConvictionPpm) * (p + taken) >= safetyFactor * p * 10n ** 12n)
      }),
    )
  })

  it('takes five prices with class D3 at any rate, stake allowing', () => {
    fc.assert(
      fc.property(money, money, rates, (p, a, rate) => {
        assert.equal(slash(p, a, rate, 'D3'), a < 5n * p ? a : 5n * p)
        assert.equal(slash(p, a, rate, 'D2'), slash(p, a, rate))
      }),
    )
  })

  it('never falls when the rate falls', () => {
    fc.assert(
      fc.property(money, money, rates, rates, (p, a, one, other) => {
        assert.ok(slash(p, a, Math.min(one, other)) >= slash(p, a, Math.max(one, other)))
      }),
    )
  })
})
