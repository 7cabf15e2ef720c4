/**
 * Validators that guess, lie, keep results back or take them from a client, and a client whose work does not repeat.
 *
 * To come with verdicts against validators: whoever was outvoted or kept a result back loses stake. Until then the market shows
 * that they change no verdict, and that what is not shown is not paid.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { VillainDeed } from '@assay/devnet/villains'
import type { VillainName } from '@assay/villains'
import { openVillainMarket, type VillainMarket } from './villain-market.ts'

let market: VillainMarket

before(
  async () => {
    market = await openVillainMarket('villain validators', {
      honestProviders: 3,
      villains: ['lazy-validator', 'lying-validator', 'selective-revealer', 'leaking-client', 'griefing-client'],
    })
  },
  { timeout: 180_000 },
)
after(async () => market?.[Symbol.asyncDispose](), { timeout: 60_000 })

const hasActed = (name: VillainName): boolean => market.devnet.deeds.all.some(({ villain }) => villain === name)
const closed = (deed: VillainDeed) => (deed.kind === 'job-closed' ? [deed] : [])

for (const name of ['lazy-validator', 'lying-validator'] as const)
  test(`${name} is outvoted: no honest result is turned down`, async () => {
    await market.playUntil(async () => hasActed(name))
  })

test('selective-revealer loses its seat to an alternate, and its fee', async () => {
  await market.playUntil(async () => hasActed('selective-revealer'))
  const [validator] = market.cast('selective-revealer')
  assert.ok(validator !== undefined)
  assert.equal(await market.earned(validator), 0n)
})

test('griefing-client slashes nobody and pays no provider', async () => {
  const deed = await market.devnet.deeds.until(
    ({ villain, kind }) => villain === 'griefing-client' && kind === 'job-closed',
    market.signal,
  )
  assert.ok(closed(deed).every(({ outcome }) => outcome === 'refunded'))
})

test('leaking-client gets what it would have got anyway', async () => {
  await market.devnet.deeds.until(
    ({ villain }) => market.devnet.deeds.all.filter((deed) => deed.villain === villain).flatMap(closed).length >= 2,
    market.signal,
  )
  const outcomes = market.devnet.deeds.all
    .filter(({ villain }) => villain === 'leaking-client')
    .flatMap(closed)
    .map(({ outcome }) => outcome)
  assert.deepEqual(outcomes, ['settled', 'settled'])
})

test('every shard of the client is right and paid for, and nobody honest lost a unit', async () => {
  await market.checkMoney()
  for (const { view, wrong, job } of market.jobs) {
    assert.equal(view.accepted, job.shardNames.length)
    assert.deepEqual(wrong, [])
  }
})
