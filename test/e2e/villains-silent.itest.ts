/**
 * Villains whose weapon is time: one that will not open, one whose commit nobody could open, one that lets leases run out; and
 * validators who attest the same wrong root for everything. Silence has deadlines, so this market takes a minute.
 *
 * To come with verdicts against validators: the framers lose stake. Until then they are outvoted, and paid for their seats.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openVillainMarket, type VillainMarket } from './villain-market.ts'

let market: VillainMarket

before(
  async () => {
    market = await openVillainMarket('villain silence', {
      honestProviders: 3,
      villains: ['abort-when-sampled', 'commit-copier', 'slow-loris', 'framing-validators'],
    })
  },
  { timeout: 180_000 },
)
after(async () => market?.[Symbol.asyncDispose](), { timeout: 60_000 })

for (const name of ['abort-when-sampled', 'commit-copier'] as const)
  test(`${name} loses stake and earns nothing`, async () => {
    await market.playUntil(async () => market.haveAllLost(name))
    for (const provider of market.cast(name)) assert.equal(await market.earned(provider), 0n)
  })

test('slow-loris earns nothing, and its shards are done by others', async () => {
  const [provider] = market.cast('slow-loris')
  assert.ok(provider !== undefined)
  await market.playUntil(async () => market.attemptsOf(provider).length > 0)
  for (const { state, code } of market.attemptsOf(provider))
    assert.deepEqual([state, code], ['expired', 'attempt-timeout'])
  assert.equal(await market.earned(provider), 0n)
})

test('framing-validators convict nobody honest', async () => {
  await market.playUntil(async () => market.devnet.deeds.all.some(({ villain }) => villain === 'framing-validators'))
})

test('the client paid for right results alone, and nobody honest lost a unit', async () => {
  await market.checkMoney()
  for (const { wrong } of market.jobs) assert.deepEqual(wrong, [])
})
