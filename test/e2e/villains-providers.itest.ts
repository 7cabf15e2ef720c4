/**
 * Providers that cheat with what they compute, sign or deliver. Jobs run until each has met its fate; then the chain says who
 * lost what. The services do not send proofs of equivocation yet: here a stranger does, with both commits in hand.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { VillainDeed } from '@assay/devnet/villains'
import { proveEquivocation } from './prove-equivocation.ts'
import { openVillainMarket, type VillainMarket } from './villain-market.ts'

const fakers = ['junk', 'lazy', 'intermittent', 'whitewasher'] as const
let market: VillainMarket

before(
  async () => {
    market = await openVillainMarket('villain providers', {
      honestProviders: 3,
      villains: [...fakers, 'data-withholder', 'equivocator'],
    })
  },
  { timeout: 180_000 },
)
after(async () => market?.[Symbol.asyncDispose](), { timeout: 60_000 })

for (const name of fakers)
  test(`${name} loses stake under every name it has, and earns nothing for a fake`, async () => {
    await market.playUntil(async () => market.haveAllLost(name))
  })

test('data-withholder never has a commit accepted, and earns nothing', async () => {
  const [provider] = market.cast('data-withholder')
  assert.ok(provider !== undefined)
  await market.playUntil(async () => market.attemptsOf(provider).length > 0)
  for (const { state, code } of market.attemptsOf(provider))
    assert.deepEqual([state, code], ['expired', 'sealed-invalid'])
  assert.equal(await market.earned(provider), 0n)
})

test('equivocator loses far more than it earned once anyone shows both of its commits to the contract', async () => {
  const [provider] = market.cast('equivocator')
  assert.ok(provider !== undefined)
  const isProof = (deed: VillainDeed) => deed.kind === 'equivocated'
  await market.playUntil(async () => market.devnet.deeds.all.some(isProof))
  const deed = market.devnet.deeds.all.find(isProof)
  assert.ok(deed?.kind === 'equivocated')
  const job = market.jobs.find(({ view }) => view.orderId === deed.first.orderId)?.job
  assert.ok(job !== undefined)
  await proveEquivocation(market.devnet, deed, job.terms)
  assert.ok((await market.lost(provider)) > 10n * (await market.earned(provider)))
})

test('the client paid for right results alone, and nobody honest lost a unit', async () => {
  await market.checkMoney()
  for (const { wrong } of market.jobs) assert.deepEqual(wrong, [])
})
