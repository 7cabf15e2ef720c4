import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simLimits } from '../limits.ts'
import { referenceConditions, type Conditions } from './conditions.ts'
import { playProvider, type SimMarket } from './play-provider.ts'
import { createRandom } from './random.ts'
import { createRules, type Rules } from './rules.ts'
import type { Career, ProviderMoves } from './strategy.ts'

const clean: Conditions = { ...referenceConditions, collusion: 0, laziness: 0 }
const market = (conditions: Partial<Conditions> = {}, faults: Partial<Rules> = {}): SimMarket => {
  const all = { ...clean, ...conditions }
  return { conditions: all, rules: createRules('ours', all, faults) }
}
const play = (moves: ProviderMoves, of = market()): Career => playProvider(moves, of, createRandom(1, 'test'))
const usdc = 1_000_000

describe('a career', () => {
  it('of honest work gains nothing, exactly, and takes no more than exposure allows', () => {
    const { gainUsdc, epochs, units, convictions, attacks } = play({ shard: () => 'work' })
    assert.deepEqual(
      { gainUsdc, epochs, units, convictions, attacks },
      { gainUsdc: 0, epochs: simLimits.careerEpochs, units: 25 * simLimits.careerEpochs, convictions: 0, attacks: 0 },
    )
  })

  it('of one fake by a newcomer loses the price and ten more, less the work that it saved', () => {
    const moves: ProviderMoves = { shard: ({ at }) => (at === 0 ? 'fake' : 'work'), afterConviction: 'leave' }
    const { gainUsdc, convictions, slashedUsdc } = play(moves)
    assert.equal(slashedUsdc, 10 * usdc)
    assert.equal(gainUsdc, 0.7 * usdc - usdc - 10 * usdc)
    assert.equal(convictions, 1)
  })

  it('never loses more stake than there was', () => {
    const { slashedUsdc, convictions } = play({ shard: () => 'fake', afterConviction: 'stay' })
    assert.ok(slashedUsdc <= 50 * usdc)
    assert.ok(convictions >= 5)
    const { slashedUsdc: many } = play({ shard: () => 'fake', identities: 4, afterConviction: 'stay' })
    assert.ok(many <= 50 * usdc && many > 40 * usdc)
  })

  it('of leases that run out, or results that are withheld, is paid nothing', () => {
    for (const move of ['skip', 'withhold'] as const) {
      const { gainUsdc, units, convictions } = play({ shard: () => move })
      assert.equal(gainUsdc, -0.3 * usdc * units)
      assert.equal(convictions, 0)
    }
  })

  it('ends when the player says so, and starts anew under another name', () => {
    assert.equal(play({ shard: () => 'work', leaves: ({ epoch }) => epoch === 3 }).epochs, 3)
    const stakes = new Set<number>()
    play({
      shard({ epoch, stakeUsdc, passes }) {
        if (epoch > 0) stakes.add(stakeUsdc)
        return epoch > 1 || passes > 0 ? 'work' : 'fake'
      },
      epochShards: 1,
      afterConviction: 'rename',
    })
    assert.deepEqual([...stakes], [50 * usdc])
  })
})

describe('a conviction', () => {
  const burst: ProviderMoves = { shard: () => 'fake', leaves: ({ epoch }) => epoch > 0 }
  const steady = { passesAtStart: 1_000_000 }

  it('has every other fake of the window found, and without contagion only what was drawn', () => {
    const found = [true, false].map((contagion) =>
      Array.from({ length: 200 }, (_, seed) =>
        playProvider(burst, market(steady, { contagion }), createRandom(seed, 'burst')),
      ).map(({ convictions }) => convictions),
    )
    const [all, drawn] = found
    assert.ok(all!.every((convictions) => convictions === 0 || convictions === 25))
    assert.ok(drawn!.some((convictions) => convictions > 0 && convictions < 5))
  })

  it('follows from not opening, however many seats are friends', () => {
    const moves: ProviderMoves = { ...burst, opensFakes: false }
    assert.equal(play(moves, market({ collusion: 1 })).convictions, 25)
    assert.equal(play(burst, market({ collusion: 1 })).convictions, 0)
  })

  it('of a ringer needs no sample', () => {
    const caught = play(burst, market({ ...steady, providerRingers: 1 }, { rate: () => 0 }))
    assert.equal(caught.convictions, 25)
    assert.equal(play(burst, market(steady, { rate: () => 0 })).gainUsdc, 25 * 0.7 * usdc)
  })
})
