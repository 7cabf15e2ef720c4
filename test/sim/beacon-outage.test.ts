/** No randomness, no pay: while the beacon is silent nothing that a draw could have picked is released. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { durationMs } from '@assay/protocol'
import { openSmallMarket } from './small-market.ts'
import { clientUsdc } from './invariants.ts'
import { never } from './world.ts'

const keep = <T extends object>(_name: string, port: T): T => port

describe('a beacon that falls silent', () => {
  for (const seed of ['outage-1', 'outage-2'])
    it(`releases nothing, and the client has its money back (${seed})`, async () => {
      await using market = await openSmallMarket(seed, keep)
      const { beacon, chain, clock, providers, records } = market.world
      const job = await market.runJob(() => beacon.stallAfter(beacon.roundAt(clock.now())))
      assert.equal(job.outcome, 'refunded')
      assert.equal(job.view?.accepted, 0)
      assert.ok(
        job.view.attempts.some(({ commit }) => commit !== undefined),
        'work was done and committed',
      )
      assert.equal(await chain.reader.usdcBalance(job.plan.client.address, never), clientUsdc)
      assert.deepEqual(
        providers.filter(({ address }) => records.isConvicted(address)),
        [],
        'nobody is blamed for it',
      )
    })

  it('only delays, when it comes back in time', async () => {
    await using market = await openSmallMarket('outage-3', keep)
    const { beacon, clock } = market.world
    let resumed = Promise.resolve()
    const job = await market.runJob(() => {
      beacon.stallAfter(beacon.roundAt(clock.now()))
      resumed = clock.sleep(durationMs(120_000), never).then(() => beacon.resume())
    })
    await resumed
    assert.equal(job.outcome, 'settled')
  })
})
