/**
 * An aggregator that cheats in three ways at once, beside providers with many names, one who fakes a window, and one with a
 * friend among the validators.
 *
 * Not claimed: that a shard which only the friend audited is found out. The provider loses stake at the first audit by anybody
 * else, but what its friend had passed by then stands until a conviction calls a panel over passed audits too.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openVillainMarket, type VillainMarket } from './villain-market.ts'

let market: VillainMarket

before(
  async () => {
    market = await openVillainMarket('villain aggregator', {
      honestProviders: 3,
      villains: [
        'steering-aggregator',
        'seed-grinding-aggregator',
        'audit-skipping-aggregator',
        'burst',
        'sybil',
        'colluding-pair',
      ],
    })
  },
  { timeout: 180_000 },
)
after(async () => market?.[Symbol.asyncDispose](), { timeout: 60_000 })

for (const name of ['steering-aggregator', 'burst', 'sybil'] as const)
  test(`${name}: every provider that faked has lost stake`, async () => {
    await market.playUntil(async () => market.haveAllLost(name))
  })

test('colluding-pair: the provider loses stake as soon as somebody else audits it', async () => {
  const [provider] = market.cast('colluding-pair')
  assert.ok(provider !== undefined)
  await market.playUntil(async () => (await market.lost(provider)) > 0n)
})

// Whoever tries many draws may also come too late with one.
for (const [name, code, ...reasons] of [
  ['seed-grinding-aggregator', 'epoch-refused', 'rates-too-low', 'seed-round-published', 'two-proposals-a-commit'],
  ['audit-skipping-aggregator', 'settlement-refused', 'audit-missing'],
] as const)
  test(`${name}: members refuse with ${code}`, async () => {
    await market.playUntil(async () => market.jobs.length > 0)
    const answers = market.devnet.deeds.all.flatMap((deed) =>
      deed.villain === name && deed.kind === 'answered' ? [deed] : [],
    )
    assert.ok(answers.length >= 3, 'fewer than a threshold were asked')
    for (const answer of answers) {
      assert.equal(answer.code, code)
      assert.ok(
        reasons.some((reason) => reason === answer.reason),
        answer.reason,
      )
    }
  })

test('the client paid for right results, or for what a friend alone had audited; nobody honest lost a unit', async () => {
  await market.checkMoney()
  const [provider, friend] = market.cast('colluding-pair')
  for (const { wrong, view, receipt } of market.jobs)
    for (const shard of wrong) {
      const paid = view.attempts.find((attempt) => attempt.shard === shard && attempt.state === 'accepted')
      assert.equal(paid?.provider, provider)
      const leaf = receipt?.receipt.evidence.epochs
        .flatMap(({ leaves }) => leaves)
        .find(({ commit }) => commit.shard === shard && commit.provider === provider)
      const audit = receipt?.receipt.evidence.audits.find(({ commitment }) => commitment === leaf?.commit.commitment)
      assert.deepEqual(
        audit?.rounds.flatMap(({ attestations }) => attestations.map(({ validator }) => validator)),
        [friend],
      )
    }
})
