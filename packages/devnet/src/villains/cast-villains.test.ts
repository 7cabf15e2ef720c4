import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { villains } from '@assay/villains'
import { deriveActor, type Actor } from '../actors.ts'
import { castVillains } from './cast-villains.ts'
import { createDeeds } from './deeds.ts'
import { playableVillains } from './plays.ts'

const actorOf = (name: string): Actor => deriveActor('seed', name)
const aggregator = actorOf('aggregator')
const cast = (names: readonly string[]) =>
  castVillains(names, { seed: 'seed', actorOf, aggregator, deeds: createDeeds() })

describe('casting villains', () => {
  it('gives every villain an actor of the party that the catalogue names', () => {
    for (const name of playableVillains) {
      const parties = cast([name]).map(({ role }) => role.party)
      const { party } = villains[name]
      if (party === 'pair') assert.deepEqual(parties, ['provider', 'validator'])
      else assert.ok(parties.includes(party), name)
    }
  })

  it('gives the same name twice to two actors', () => {
    const actors = cast(['junk', 'junk']).map(({ actor }) => actor.address)
    assert.equal(new Set(actors).size, 2)
  })

  it('lets villains know each other, and their own parts first of all', () => {
    const players = cast(['junk', 'whitewasher'])
    const all = players.map(({ actor }) => actor.address)
    for (const { stage } of players) assert.deepEqual(stage.accomplices, all)
    assert.deepEqual(players[2]?.stage.own, all.slice(1))
  })

  it('has the one aggregator play every villain of that kind', () => {
    const players = cast(['seed-grinding-aggregator', 'audit-skipping-aggregator'])
    assert.deepEqual(
      players.map(({ actor }) => actor.address),
      [aggregator.address, aggregator.address],
    )
  })

  it('refuses more villains than a machine can hold', () => {
    assert.throws(
      () => cast(Array.from({ length: 33 }, () => 'junk')),
      (error: unknown) => isMarketError(error) && error.code === 'config-invalid',
    )
  })
})
