/** What verification costs, how often it errs, and that nobody can choose what it looks at. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { slashAmount, verificationPolicy } from '@assay/core'
import { ppm, usdc } from '@assay/protocol'
import {
  captured,
  contractMoney,
  createRules,
  measureAging,
  measureCatch,
  measureFalseSlash,
  measureGrinding,
  measureOverhead,
  measurePanels,
  referenceConditions,
  type Estimate,
} from '@assay/villains'

const seed = 5
const isNear = ({ mean, standardError }: Estimate, expected: number, errors = 3): void =>
  assert.ok(Math.abs(mean - expected) <= errors * standardError, `${mean} ± ${standardError} is not near ${expected}`)

describe('verification at the reference point', () => {
  it('costs at most 8 % of the price, two-way replication more than all of it', () => {
    const { ours, replication, parts } = measureOverhead({ shards: 200_000, seed })
    assert.ok(ours.mean + 3 * ours.standardError <= 0.08, JSON.stringify(ours))
    assert.ok(replication.mean > 1)
    isNear(
      { ...ours, standardError: 1e-9 },
      Object.values(parts).reduce((sum, part) => sum + part, 0),
    )
  })

  it('costs more with a stake of ten prices: the bound is no accident', () => {
    const conditions = { ...referenceConditions, stakeUsdc: 10_000_000, passesAtStart: 1_000_000 }
    assert.ok(measureOverhead({ shards: 20_000, seed }, conditions).ours.mean > 0.2)
  })

  it('audits newcomers always and grows cheap with the audited passes', () => {
    const shares = measureAging({ providers: 20, seed }).map(({ y }) => y)
    assert.equal(shares[0], 100)
    assert.ok((shares.at(-1) ?? 100) < 6)
  })

  it('asks core for the rate and the slash', () => {
    const rules = createRules('ours', referenceConditions)
    assert.equal(rules.rate(50_000_000, 1_000_000), 53_428)
    const slash = slashAmount({
      priceUsdc: usdc(1_000_000n),
      stakeUsdc: usdc(50_000_000n),
      ratePpm: ppm(53_428),
      determinism: 'D1',
    })
    assert.equal(rules.slash(50_000_000, 53_428), Number(slash))
  })
})

describe('an honest provider', () => {
  it('loses to flipped bits what the formula says: p·e convictions a shard, σ·e/d of its revenue', () => {
    const bitFlip = 0.001
    const { convictions, loss, expectedLoss } = measureFalseSlash({ bitFlip, shards: 2_000_000, seed })
    const rate = createRules('ours', referenceConditions).rate(referenceConditions.stakeUsdc, 1_000_000) / 1_000_000
    isNear(convictions, rate * bitFlip)
    isNear(loss, expectedLoss)
    assert.ok(loss.mean < 0.005)
  })
})

describe('seats', () => {
  it('fall to a coalition as often as the binomial says', () => {
    // Four errors: one of a dozen comparisons may well be three away.
    for (const { measured, exact } of measurePanels([3, 7, 15], [0.1, 0.2, 0.3, 0.4], { panels: 20_000, seed }))
      if (exact > 1e-3) isNear(measured, exact, 4)
    assert.equal(captured(3, 0.2).toFixed(4), '0.1040')
    assert.equal(captured(31, 0.2).toFixed(6), '0.000088')
  })

  it('catch a fake as often as the formula says, with the panel of three that is built', () => {
    for (const share of [0, 0.2, 0.4]) {
      const { measured, expected } = measureCatch(share, { audits: 50_000, seed })
      isNear(measured, expected)
    }
    // The policy counts on a panel of seven: what is built catches less, and σ has to make up for it.
    const { expected } = measureCatch(0.2, { audits: 1, seed })
    const policy = Number(verificationPolicy.catchPpm) / 1_000_000
    assert.ok(expected < policy && expected * Number(verificationPolicy.safetyFactor) > policy)
  })
})

describe('grinding', () => {
  for (const ground of ['ids', 'seeds', 'timings'] as const)
    it(`of ${ground} leaves the sample rate where it is`, async () => {
      const ratePpm = 53_428
      const { sampled } = await measureGrinding(ground, { tries: 20_000, seed, ratePpm })
      isNear(sampled, ratePpm / 1_000_000)
    })
})

describe('the split of a slash', () => {
  it('is that of the contract', () => {
    const source = readFileSync(new URL('../../../contracts/src/libraries/SlashLib.sol', import.meta.url), 'utf8')
    const constant = (name: string): number =>
      Number(new RegExp(`constant ${name} = ([\\d_]+);`).exec(source)?.[1]?.replaceAll('_', ''))
    assert.deepEqual(
      { ...contractMoney },
      {
        detectorBps: constant('DETECTOR_BPS'),
        clientBps: constant('CLIENT_BPS'),
      },
    )
  })
})
