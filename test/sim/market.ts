/**
 * The whole market in one process on fake clock, network, chain and disk, driven by one seed: who lies, what breaks, when
 * a process dies and comes back. Equal seeds give equal runs, to the last signature.
 */
import { inspect } from 'node:util'
import { createTestActor, createSeededRng, type SeededRng } from '@assay/testkit'
import { drawCast, type Cast } from './cast.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { createFaults, drawWeather, stormMs, type Weather } from './faults.ts'
import { clientUsdc, createInvariants } from './invariants.ts'
import { runClient, type ClientJob, type JobPlan } from './sim-client.ts'
import { openWorld, type World } from './world.ts'

export interface MarketReport {
  readonly seed: string
  readonly weather: Weather
  readonly cast: readonly string[]
  readonly outcomes: readonly string[]
  readonly convicted: number
  readonly restarts: number
  readonly simulatedMs: number
}

/** Longest a run may take on its clock: every deadline of every job has passed by then. */
const runMs = 90 * 60_000

/** Runs one market to its end. Throws the first broken invariant, with the seed and the newest log lines in its message. */
export async function runMarket(seed: string): Promise<MarketReport> {
  using _ = openDeterministicPlatform(seed)
  const rng = createSeededRng(seed)
  const cast = drawCast(rng.fork('cast'))
  const weather = drawWeather(rng.fork('weather'))
  const priceUsdc = rng.fork('price').pick([10_000n, 10_000n, 1_000_000n])
  await using world = await openWorld({ seed, ...cast, priceUsdc })
  const jobs = drawJobs(rng.fork('jobs'), world)
  try {
    return await play(world, { cast, weather, jobs })
  } catch (error) {
    throw new Error(explain(world, cast, weather, error), { cause: error })
  }
}

interface Scene {
  readonly cast: Cast
  readonly weather: Weather
  readonly jobs: readonly ClientJob[]
}

async function play(world: World, { cast, weather, jobs }: Scene): Promise<MarketReport> {
  const { clock } = world
  const rng = world.rng.fork('steps')
  const start = clock.now()
  const faults = createFaults(world, cast, weather)
  const invariants = createInvariants(world, cast, jobs)
  const broken: unknown[] = []
  let shopping = jobs.length
  const clients = jobs.map(async (job) =>
    runClient(world, job)
      .catch((error: unknown) => broken.push(error))
      .finally(() => (shopping -= 1)),
  )
  let stormy = true
  while (shopping > 0) {
    if (clock.now() - start > runMs) throw new Error('the run does not end')
    if (stormy && clock.now() - start > stormMs + 15_000) {
      stormy = false
      await faults.end()
    }
    await faults.apply()
    await clock.advance(100 + rng.below(900))
    await invariants.check()
    if (broken.length > 0) throw new Error('a client was let down', { cause: broken[0] })
  }
  await Promise.all(clients)
  await invariants.checkEnd()
  return {
    seed: world.seed,
    weather,
    cast: [...cast.providers, ...cast.validators].map(({ name }) => name),
    outcomes: jobs.map((job) => `${job.plan.program}:${job.outcome ?? job.phase}`),
    convicted: world.providers.filter(({ address }) => world.records.isConvicted(address)).length,
    restarts: world.aggregator.starts - 1,
    simulatedMs: clock.now() - start,
  }
}

function drawJobs(rng: SeededRng, { chain, seed }: World): ClientJob[] {
  return Array.from({ length: 1 + rng.below(3) }, (_, i) => {
    const client = createTestActor(`${seed}/client${i}`)
    chain.mint(client.address, clientUsdc)
    const plan: JobPlan = {
      client,
      label: `job${i}`,
      shards: 1 + rng.below(5),
      startMs: 500 + rng.below(15_000),
      cancelMs: rng.chance(0.15) ? rng.below(8_000) : undefined,
      program: rng.pick(['work', 'work', 'work', 'work', 'work', 'work', 'fail', 'dice'] as const),
      timeLimitMs: 3_000,
      certify: rng.chance(0.5),
    }
    return { plan, phase: 'waiting' }
  })
}

function explain(world: World, cast: Cast, weather: Weather, error: unknown): string {
  const { clock, logLines, seed } = world
  const names = [...cast.providers, ...cast.validators].map(({ name }) => name).join(' ')
  return [
    `seed ${seed}: ${inspect(error)}`,
    `replay: ASSAY_SIM_SEED=${seed} node --test test/sim/market.test.ts`,
    `cast: ${names}; weather: ${JSON.stringify(weather)}; at ${new Date(clock.now()).toISOString()}`,
    ...logLines.slice(-Number(process.env['ASSAY_SIM_LINES'] ?? 60)),
  ].join('\n')
}
