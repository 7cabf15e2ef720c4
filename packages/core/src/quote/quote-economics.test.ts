import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basisPoints, limits, ppm, usdc, type ShardSpec } from '@assay/protocol'
import fc from 'fast-check'
import { requiredRate } from '../verify/audit-rate.ts'
import { cheatOutlook, groupBands, quoteEconomics } from './quote-economics.ts'

const one = 1_000_000n
const band = (stake: bigint, rate: number) => ({ stakeUsdc: usdc(stake), ratePpm: ppm(rate), providers: 1 })
const priced = (price: bigint) => ({ priceUsdc: usdc(price), determinism: 'D1' as const })
const veteran = (price: bigint, stake: bigint) =>
  requiredRate({
    priceUsdc: usdc(price),
    stakeUsdc: usdc(stake),
    auditedPasses: Number.MAX_SAFE_INTEGER,
    minRatePpm: ppm(0),
    determinism: 'D1',
  })

describe('what verification buys', () => {
  it('is what the reference point says: P = 1, A = 50, p = 5.34 %', () => {
    const { meanShards, shards95, loseUsdc, expectedGainUsdc } = cheatOutlook(
      priced(one),
      band(50n * one, veteran(one, 50n * one)),
    )
    assert.equal(meanShards.toFixed(1), '25.5')
    assert.equal(shards95, 75)
    assert.ok(Number(loseUsdc) / 1e6 > 50.99 && Number(loseUsdc) / 1e6 <= 51, String(loseUsdc))
    // σ = 2: a fake loses on average as much again as it could gain.
    assert.ok(Math.abs(Number(expectedGainUsdc) / 1e6 + 1) < 0.001, String(expectedGainUsdc))
  })

  it('follows stake as the reference table does', () => {
    const table = [
      [5n, 45, 0.5],
      [10n, 24.7, 0.2],
      [50n, 5.34, 0.01],
      [100n, 2.7, 0.01],
      [200n, 1.35, 0.01],
      [500n, 1, 0],
    ] as const
    for (const [stake, percent, off] of table)
      assert.ok(Math.abs(veteran(one, stake * one) / 10_000 - percent) <= off, `${stake}: ${veteran(one, stake * one)}`)
  })

  it('never lets a fake pay at a rate that the market requires', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 12n })
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 0, max: 1_000_000 }), (price, stake, more) => {
        const rate = Math.max(veteran(price, stake), more)
        // Where everything is audited and the stake is still too small, exposure keeps the provider out.
        fc.pre(stake >= 2n * price)
        const { expectedGainUsdc, meanShards, shards95 } = cheatOutlook(priced(price), band(stake, rate))
        assert.ok(expectedGainUsdc <= 0n, `${price} ${stake} ${rate} ${expectedGainUsdc}`)
        assert.ok(meanShards >= 1 && shards95 >= 1)
      }),
    )
  })

  it('prices audits by their rate, with the fee on them, and never above the budget', () => {
    const shard: ShardSpec = { name: 'a', args: [], inputs: [] }
    const spec = {
      priceUsdc: usdc(one),
      auditFeeUsdc: usdc(one),
      auditBudgetUsdc: usdc(50n * one),
      determinism: 'D1' as const,
      shards: Array.from({ length: 100 }, () => shard),
    }
    const { auditsMinUsdc, auditsMaxUsdc, surchargeMinPpm, surchargeMaxPpm, outlooks } = quoteEconomics(
      spec,
      basisPoints(100),
      [band(100n * one, 50_000), band(5n * one, 1_000_000)],
    )
    assert.deepEqual([auditsMinUsdc, auditsMaxUsdc], [5_050_000n, 50_500_000n])
    assert.deepEqual([surchargeMinPpm, surchargeMaxPpm], [50_500, 505_000])
    assert.deepEqual(
      outlooks.map(({ stakeUsdc }) => stakeUsdc),
      [5n * one, 100n * one],
    )
    const free = quoteEconomics({ ...spec, determinism: 'DX' }, basisPoints(100), [band(one, 0)])
    assert.deepEqual([free.outlooks.length, free.auditsMaxUsdc], [0, 0n])
  })

  it('groups providers, and keeps the outer groups when there are too many', () => {
    const three = [band(2n, 5), band(1n, 5), band(2n, 5)]
    assert.deepEqual(groupBands(three), [{ ...band(1n, 5) }, { ...band(2n, 5), providers: 2 }])
    const many = groupBands(Array.from({ length: 100 }, (_, i) => band(BigInt(i), 5)))
    assert.equal(many.length, limits.quoteBands)
    assert.deepEqual([many[0]?.stakeUsdc, many.at(-1)?.stakeUsdc], [0n, 99n])
  })
})
