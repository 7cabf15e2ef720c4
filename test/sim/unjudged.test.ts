/** Class DX in a market of one process: nobody audits, the client accepts or takes its money back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MarketError, OrderId } from '@assay/protocol'
import { openClient, type Client, type Job } from '@assay/sdk'
import { createTestActor } from '@assay/testkit'
import { stakesAreWhole } from './invariants.ts'
import { openSmallMarket, type SmallMarket } from './small-market.ts'
import { image, never } from './world.ts'

const fundsUsdc = 100_000_000n

describe('a job that nobody judges', () => {
  it('is settled by what its client accepts, and the rest comes back', async () => {
    await using market = await openSmallMarket('accept', (_name, port) => port)
    const { chain } = market.world
    const job = await begin(market, 'accept', 3)
    assert.equal(job.terms.quorumId, 0)
    const { accepted, chargedUsdc } = await live(market, async () => job.accept({ shards: [0, 2] }))
    assert.deepEqual(accepted, [0, 2])
    const view = await live(market, async () => closed(market, job))
    assert.deepEqual([view.outcome, view.accepted, view.chargedUsdc], ['partial', 2, chargedUsdc])
    assert.deepEqual(
      view.attempts.toSorted((a, b) => a.shard - b.shard).map(({ code, state }) => code ?? state),
      ['accepted', 'result-unaccepted', 'accepted'],
    )
    assert.equal(view.audited, 0)
    await isWhole(market, job, fundsUsdc - chargedUsdc)
    await assert.rejects(job.receipt())
    const kinds = (await job.explain()).findings.map(({ kind, shard }) => `${shard ?? 'job'} ${kind}`)
    assert.deepEqual(
      kinds.filter((line) => !line.startsWith('1')),
      ['job settled', '0 accepted', '2 accepted'],
    )
    chain.assertConserved()
  })

  it('survives a crash of the aggregator between acceptance and settlement', async () => {
    await using market = await openSmallMarket('accept-crash', (_name, port) => port)
    const { aggregator } = market.world
    const job = await begin(market, 'crash', 1)
    await live(market, async () => {
      for await (const { type } of job.events()) if (type === 'job.settling') return
    })
    aggregator.crashAtCall(1, (name) => name === 'settleByClient')
    const { chargedUsdc } = await live(market, async () => job.accept())
    assert.ok(aggregator.starts > 1, 'it crashed')
    assert.equal((await live(market, async () => closed(market, job))).outcome, 'settled')
    await isWhole(market, job, fundsUsdc - chargedUsdc)
  })

  it('is refunded in full when its client accepts nothing', async () => {
    await using market = await openSmallMarket('accept-never', (_name, port) => port)
    const job = await begin(market, 'never', 1)
    const view = await live(market, async () => closed(market, job))
    assert.deepEqual([view.outcome, view.chargedUsdc], ['refunded', 0n])
    assert.ok(market.world.clock.now() >= job.terms.refundAt * 1000)
    await isWhole(market, job, fundsUsdc)
  })

  it('takes no acceptance that is not what follows from delivered results, or not by its client', async () => {
    await using market = await openSmallMarket('accept-lies', (_name, port) => port)
    const job = await begin(market, 'lies', 2)
    const url = `http://market.test/v1/jobs/${job.id}/acceptance`
    const post = async (body: unknown): Promise<string> => {
      const { http } = market.world.aggregator.running!.service
      const response = await http.fetch(new Request(url, { method: 'POST', body: JSON.stringify(body) }))
      return ((await response.json()) as Pick<MarketError, 'code'>).code
    }
    const root = `0x${'00'.repeat(32)}`
    const lie = {
      shards: [0],
      payouts: [{ index: 1, amount: '10000' }],
      fee: '0',
      resultsRoot: root,
      signature: `0x${'00'.repeat(64)}1b`,
    }
    await live(market, async () => {
      assert.equal(await post(lie), 'job-state', 'still running')
      for await (const { type } of job.events()) if (type === 'job.settling') break
      assert.equal(await post({ ...lie, shards: [] }), 'message-malformed')
      for (const wrong of [{}, { shards: [1, 1] }, { shards: [2] }, { payouts: [{ index: 9, amount: '1' }] }])
        assert.equal(await post({ ...lie, ...wrong }), 'batch-invalid', JSON.stringify(wrong))
    })
  })
})

/** Buys a job of class DX. */
async function begin(market: SmallMarket, name: string, shards: number): Promise<Job> {
  const { aggregator, chain, clock } = market.world
  const actor = createTestActor(`unjudged/${name}`)
  chain.mint(actor.address, fundsUsdc)
  return live(market, async () => {
    const client: Client = await openClient({
      aggregator: 'http://market.test',
      privateKey: actor.privateKey,
      spendingCapUsdc: '90',
      chain: { reader: chain.reader },
      clock,
      async fetch(url, init) {
        const service = aggregator.running?.service
        if (service === undefined) throw new TypeError('no aggregator runs')
        return service.http.fetch(new Request(url, init))
      },
    })
    const inputs = Array.from({ length: shards }, (_, shard) => ({
      name: `s${shard}`,
      subject: `s${shard}`,
      files: [],
    }))
    return client.map({ image, command: ['work', '{}'], inputs, determinism: 'DX', timeLimitMs: 3_000 })
  })
}

/** Runs the market until `work` is done, restarting the aggregator when it is down. */
async function live<T>({ world }: SmallMarket, work: () => Promise<T>): Promise<T> {
  let over = false
  const done = work().finally(() => (over = true))
  done.catch(() => undefined)
  for (let steps = 0; !over; steps++) {
    if (steps > 6_000) throw new Error('it does not end')
    await world.aggregator.start()
    await world.clock.advance(500)
  }
  return done
}

async function closed({ world }: SmallMarket, job: Job): ReturnType<Job['state']> {
  for (;;) {
    const view = await job.state().catch(() => undefined)
    if (view?.state === 'closed') return view
    await world.clock.sleep(3_000 as never, never)
  }
}

/** The client has what it should, nothing of the order is left, and nobody lost stake. */
async function isWhole({ world }: SmallMarket, job: Job, balance: bigint): Promise<void> {
  const { reader } = world.chain
  assert.equal(await reader.usdcBalance(job.spec.client, never), balance)
  assert.equal((await reader.order(job.id satisfies OrderId, never)).remaining, 0n)
  await stakesAreWhole(world)
  world.chain.assertConserved()
}
