/** Jobs of the classes beyond D1, from quote to settlement, on a market without faults. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTestActor } from '@assay/testkit'
import { castHonest } from './cast.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { clientUsdc } from './invariants.ts'
import { runClient, type ClientJob, type JobPlan } from './sim-client.ts'
import { openWorld, type Machine, type World } from './world.ts'

const own = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
const other = 'cpu/x86_64/v4/AuthenticAMD-25-17/avx2,fma'

/** Longest a job may take on the clock before it counts as lost. */
const jobMs = 20 * 60_000

async function runJob(world: World, task: NonNullable<JobPlan['task']>, shards = 2): Promise<ClientJob> {
  const client = createTestActor(`${world.seed}/client`)
  world.chain.mint(client.address, clientUsdc)
  const plan = {
    client,
    label: 'job',
    shards,
    startMs: 0,
    cancelMs: undefined,
    program: 'work' as const,
    timeLimitMs: 3_000,
  }
  const job: ClientJob = { plan: { ...plan, task }, phase: 'waiting' }
  const start = world.clock.now()
  let failure: unknown
  const done = runClient(world, job).catch((error: unknown) => (failure = error))
  while (job.phase !== 'over' && job.phase !== 'refused' && failure === undefined) {
    if (world.clock.now() - start > jobMs) throw new Error(`the job does not end: ${JSON.stringify(job.view)}`)
    await world.clock.advance(500)
  }
  await done
  if (failure !== undefined) throw new Error('the client was let down', { cause: failure })
  return job
}

interface Market {
  readonly providers: readonly (string | undefined)[]
  readonly validators: readonly (string | undefined)[]
}

/** Honest machines of the given hardware classes. */
async function openMarket(seed: string, { providers, validators }: Market): Promise<World> {
  const cast = castHonest(seed)
  const equip = (machines: readonly Machine[], classes: readonly (string | undefined)[]): Machine[] =>
    machines.map((machine, i) => ({ ...machine, ...(classes[i] !== undefined && { hardwareClass: classes[i] }) }))
  const equipped = { providers: equip(cast.providers, providers), validators: equip(cast.validators, validators) }
  return openWorld({ seed, ...cast, ...equipped, priceUsdc: 10_000n })
}

describe('a job that no quorum can settle yet', () => {
  it('is refused before anything is paid', async () => {
    const seed = 'class-d3'
    using _ = openDeterministicPlatform(seed)
    await using world = await openMarket(seed, { providers: [], validators: [] })
    const job = await runJob(world, { determinism: 'D3', tolerance: { relative: '1e-6' } })
    assert.equal(job.phase, 'refused')
    assert.match(job.refusal ?? '', /only classes D1, D2 and DX are offered/)
    assert.equal(world.records.countActive(), 0)
  })
})

describe('a job of class D2', () => {
  it('runs on providers of its hardware class alone, is audited by its like, and settles', async () => {
    const seed = 'class-d2'
    using _ = openDeterministicPlatform(seed)
    await using world = await openMarket(seed, { providers: [other, own, undefined], validators: [own, own, own] })
    const job = await runJob(world, { determinism: 'D2', hardwareClass: own })
    assert.equal(job.outcome, 'settled')
    const [, provider] = world.providers
    assert.deepEqual([...new Set(job.view?.attempts.map((attempt) => attempt.provider))], [provider?.address])
    assert.ok((job.view?.audited ?? 0) > 0)
  })

  it('is refused before anything is paid where no provider, or not every validator, is of its class', async () => {
    for (const [seed, market] of Object.entries<Market>({
      'class-d2-provider': { providers: [other, undefined, other], validators: [own, own, own] },
      'class-d2-validator': { providers: [own, own, own], validators: [own, own, other] },
    })) {
      using _ = openDeterministicPlatform(seed)
      await using world = await openMarket(seed, market)
      const job = await runJob(world, { determinism: 'D2', hardwareClass: own })
      assert.equal(job.phase, 'refused')
      assert.match(job.refusal ?? '', /hardware class/)
      assert.equal(world.records.countActive(), 0)
    }
  })
})
