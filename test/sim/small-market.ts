/** One market, honest unless a cast is given, that runs small jobs one after the other, for tests that break something at every step of one. */
import { createTestActor } from '@assay/testkit'
import { castHonest, type Cast } from './cast.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { clientUsdc } from './invariants.ts'
import { runClient, type ClientJob, type JobPlan } from './sim-client.ts'
import { openWorld, type World, type WrapPort } from './world.ts'

export interface SmallMarket extends AsyncDisposable {
  readonly world: World
  /** Runs a job of one shard from purchase to close. `begin` is called when it starts; the aggregator is kept running. */
  runJob(begin: () => void, plan?: Partial<JobPlan>): Promise<ClientJob>
}

/** Longest a job may take on the clock before it counts as lost. */
const jobMs = 30 * 60_000

export async function openSmallMarket(
  seed: string,
  wrap: WrapPort,
  cast: Cast = castHonest(seed),
): Promise<SmallMarket> {
  const stack = new AsyncDisposableStack()
  const platform = openDeterministicPlatform(seed)
  stack.defer(() => platform[Symbol.dispose]())
  const world = stack.use(await openWorld({ seed, ...cast, priceUsdc: 10_000n, wrap }))
  let jobs = 0
  return {
    world,
    async runJob(begin, changes = {}) {
      const { chain, clock, aggregator } = world
      jobs += 1
      const client = createTestActor(`${seed}/client${jobs}`)
      chain.mint(client.address, clientUsdc)
      const plan = {
        client,
        label: `job${jobs}`,
        shards: 1,
        startMs: 0,
        cancelMs: undefined,
        program: 'work' as const,
        timeLimitMs: 3_000,
        ...changes,
      }
      const job: ClientJob = { plan, phase: 'waiting' }
      const start = clock.now()
      begin()
      const done = runClient(world, job)
      let failure: unknown
      done.catch((error: unknown) => (failure = error))
      while (job.phase !== 'over' && job.phase !== 'refused' && failure === undefined) {
        if (clock.now() - start > jobMs)
          throw new Error(`${plan.label} does not end: ${JSON.stringify(job.view?.state)}`)
        await aggregator.start()
        await clock.advance(500)
      }
      await done
      return job
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  }
}
