/**
 * Seeded runs of the whole market. A failure prints the seed that replays it; `ASSAY_SIM_SEED` runs one seed alone,
 * `ASSAY_SIM_RUNS` says how many there are.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawCast } from './cast.ts'
import { createInvariants } from './invariants.ts'
import { runMarket, type MarketReport } from './market.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { createSeededRng } from '@assay/testkit'
import { openWorld } from './world.ts'

const only = process.env['ASSAY_SIM_SEED']
const runs = Number(process.env['ASSAY_SIM_RUNS'] ?? 24)
const seeds = only === undefined ? Array.from({ length: runs }, (_, i) => String(i + 1)) : [only]

describe('a simulated market', () => {
  const reports: MarketReport[] = []

  for (const seed of seeds)
    it(`ends with everybody's money right, whatever seed ${seed} breaks`, async () => {
      reports.push(await runMarket(seed))
    })

  it('runs the same way again with the same seed', async () => {
    const [report] = reports
    assert.ok(report !== undefined)
    assert.deepEqual(await runMarket(report.seed), report)
  })

  it('has seen villains, crashes and cancelled jobs by then', { skip: only !== undefined || runs < 20 }, () => {
    const outcomes = reports.flatMap((report) => report.outcomes)
    assert.ok(
      reports.some(({ convicted }) => convicted > 0),
      'nobody was convicted',
    )
    assert.ok(
      reports.some(({ restarts }) => restarts > 0),
      'no aggregator crashed',
    )
    assert.ok(
      outcomes.some((outcome) => outcome.endsWith('cancelled')),
      'no job was cancelled',
    )
    assert.ok(
      outcomes.filter((outcome) => outcome === 'work:settled').length > reports.length / 2,
      'hardly any settled',
    )
  })

  it('would not pass over an honest operator that loses stake', async () => {
    const seed = 'slash'
    using _ = openDeterministicPlatform(seed)
    const cast = drawCast(createSeededRng(seed))
    await using world = await openWorld({ seed, ...cast, priceUsdc: 10_000n })
    const invariants = createInvariants(world, cast, [])
    await invariants.check()
    const honest = world.providers.find((_operator, i) => cast.providers[i]?.kind === 'honest')
    assert.ok(honest !== undefined)
    world.chain.slash(honest.address, 1n)
    await assert.rejects(invariants.check(), /was slashed/)
  })
})
