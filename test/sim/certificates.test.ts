/** What a certificate arms, and what nobody can make of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { castWith } from './cast.ts'
import type { JobPlan } from './sim-client.ts'
import { openSmallMarket, type SmallMarket } from './small-market.ts'
import { image, never, stakeUsdc, type World } from './world.ts'

const plain = <T extends object>(_name: string, port: T): T => port
const openMarket = async (seed: string, junk: number): Promise<SmallMarket> =>
  openSmallMarket(seed, plain, castWith(seed, { honest: 3, junk, validators: 5 }))
const run = async (market: SmallMarket, plan: Partial<JobPlan>) => market.runJob(() => undefined, plan)

async function stakesOf({ peek, providers, validators }: World): Promise<ReadonlyMap<string, bigint>> {
  const stakes = new Map<string, bigint>()
  for (const { address, node } of [...providers, ...validators])
    stakes.set(node.name, (await peek(async (chain) => chain.operator(address, never)))?.stake ?? 0n)
  return stakes
}
const slashed = async (world: World): Promise<readonly string[]> =>
  [...(await stakesOf(world))].flatMap(([name, stake]) => (stake < stakeUsdc ? [name] : []))

describe('a certificate in a market', () => {
  it('makes a lie cost stake, and its absence only the pay', async () => {
    await using bare = await openMarket('bare', 2)
    const uncertified = await run(bare, { shards: 5 })
    assert.equal(uncertified.outcome, 'settled', uncertified.refusal)
    assert.ok((uncertified.view?.convicted.length ?? 0) > 0, 'nobody was convicted')
    assert.deepEqual(await slashed(bare.world), [])

    await using armed = await openMarket('armed', 2)
    const certified = await run(armed, { shards: 5, certify: true })
    assert.equal(certified.outcome, 'settled', certified.refusal)
    const lost = await slashed(armed.world)
    assert.ok(lost.length > 0 && lost.every((name) => name.startsWith('junk')), lost.join())
  })

  it('is not given to a program that rolls dice, and buys nothing then', async () => {
    await using market = await openMarket('dice', 0)
    const job = await run(market, { program: 'dice', certify: true })
    assert.equal(job.phase, 'refused')
    assert.match(job.refusal ?? '', /not reproducible/)
    assert.equal(job.orderId, undefined)
  })

  it('never lets a client with a nondeterministic program have anybody slashed', async () => {
    await using market = await openMarket('griefer', 0)
    const { world } = market
    // A program that behaves while it is looked at.
    const calm = await run(market, { program: 'trap', label: 'calm', certify: true })
    assert.equal(calm.outcome, 'settled', calm.refusal)
    for (const label of ['wild0', 'wild1', 'wild2']) {
      const wild = await run(market, { program: 'trap', label, shards: 4 })
      assert.ok(
        wild.view?.attempts.some(({ verdict }) => verdict === 'nondeterministic'),
        label,
      )
      assert.deepEqual(await slashed(world), [], label)
    }
    const again = await run(market, { program: 'trap', label: 'calm1', certify: true })
    assert.equal(again.phase, 'refused')
    assert.match(again.refusal ?? '', /not reproducible/)
    const [row] = world.records.certificatesOf(image, undefined, 2)
    assert.equal(row?.revocation?.body.certificate, row?.id, 'the quorum has taken its word back')
    assert.ok((row?.revocation?.signatures.length ?? 0) >= 3)
  })

  it('survives the aggregator that was asked for it', async () => {
    await using market = await openMarket('restart', 1)
    const { aggregator } = market.world
    for (const writes of [1, 3, 5, 7, 9]) {
      const job = await market.runJob(() => aggregator.crashAtCall(writes, (name) => /Certif/.test(name)), {
        shards: 2,
        certify: true,
        label: `restart${writes}`,
        timeLimitMs: 3_000 + writes,
      })
      assert.equal(job.outcome, 'settled', `write ${writes}: ${job.refusal}`)
    }
    assert.ok(aggregator.starts > 1, 'it never crashed')
  })
})
