/** One seeded market with named villains of the catalogue, on the same disguises as a devnet. */
import { inspect } from 'node:util'
import { castVillains, createDeeds, type VillainDeed } from '@assay/devnet/villains'
import type { Address } from '@assay/protocol'
import type { VillainName } from '@assay/villains'
import { createSeededRng, createTestActor } from '@assay/testkit'
import { programOf, type Cast } from './cast.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { createFaults, type Weather } from './faults.ts'
import { clientUsdc, createInvariants } from './invariants.ts'
import { runClient, type ClientJob, type JobPlan } from './sim-client.ts'
import { never, openWorld, stakeUsdc, type World } from './world.ts'

export interface VillainRunOptions {
  readonly seed: string
  readonly villains: readonly VillainName[]
  readonly honestProviders?: number
  readonly program?: JobPlan['program']
  readonly jobs?: number
  readonly shards?: number
  /** Price of a shard in base units. */
  readonly priceUsdc?: bigint
  /** Wrong results are counted, not an error. */
  readonly countWrong?: true
  readonly weather?: Weather
}
/** A villain's operator at the end. */
export interface Fate {
  readonly name: string
  readonly address: Address
  readonly lostUsdc: bigint
  readonly earnedUsdc: bigint
}
export interface VillainReport {
  readonly fates: readonly Fate[]
  readonly deeds: readonly VillainDeed[]
  readonly jobs: readonly ClientJob[]
}

/** Slow frames, and nothing broken: whoever is silent then is silent on purpose. */
const calm: Weather = { cut: 0, delay: 0.2, outages: 0 }
/** A client looks for its next job this long after the last one began. */
const jobEveryMs = 20_000
/** Longest a run may take on its clock. */
const runMs = 60 * 60_000

/**
 * Runs jobs one after the other until all are over, with every invariant checked after every step. Throws the first
 * broken one, with the seed and the newest log lines.
 */
export async function runVillains(options: VillainRunOptions): Promise<VillainReport> {
  const { seed, villains } = options
  using _ = openDeterministicPlatform(seed)
  const deeds = createDeeds()
  const aggregator = createTestActor(`${seed}/aggregator`)
  const actorOf = (name: string) => createTestActor(`${seed}/${name}`)
  const parts = castVillains(villains, { seed, aggregator, actorOf, deeds })
  const { cast, disguises } = assemble(options, parts)
  await using world = await openWorld({ seed, ...cast, disguises, priceUsdc: options.priceUsdc ?? 10_000n })
  const jobs = planJobs(options, world)
  try {
    await play(world, cast, jobs, options.weather ?? calm)
    return { fates: await readFates(world, cast), deeds: deeds.all, jobs }
  } catch (error) {
    const lines = world.logLines.slice(-Number(process.env['ASSAY_SIM_LINES'] ?? 60))
    throw new Error([`seed ${seed}, ${villains.join(' ')}: ${inspect(error)}`, ...lines].join('\n'), { cause: error })
  }
}

type Part = ReturnType<typeof castVillains<ReturnType<typeof createTestActor>>>[number]

function assemble({ seed, honestProviders = 3 }: VillainRunOptions, parts: readonly Part[]) {
  const rng = createSeededRng(seed)
  const villain = (party: Part['role']['party']) =>
    parts
      .filter(({ role }) => role.party === party)
      .map((part) => {
        const name = part.actor.name.slice(seed.length + 1)
        return { name, kind: 'villain' as const, run: programOf('villain', rng.fork(name)), part }
      })
  const honest = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const name = `${prefix}${i}`
      return { name, kind: 'honest' as const, run: programOf('honest', rng.fork(name)) }
    })
  const validators = [...honest('v', 5), ...villain('validator')]
  const threshold = Math.floor(validators.length / 2) + 1
  const cast: Cast = { providers: [...honest('p', honestProviders), ...villain('provider')], validators, threshold }
  return { cast, disguises: parts.filter(({ role }) => role.party === 'aggregator') }
}

function planJobs(options: VillainRunOptions, { chain, seed }: World): ClientJob[] {
  const { jobs = 2, shards = 6, program = 'work', countWrong } = options
  return Array.from({ length: jobs }, (_, i) => {
    const client = createTestActor(`${seed}/client${i}`)
    chain.mint(client.address, clientUsdc)
    const plan: JobPlan = {
      client,
      label: `job${i}`,
      shards,
      startMs: 500 + i * jobEveryMs,
      cancelMs: undefined,
      program,
      timeLimitMs: 3_000,
      // Without a certificate a wrong result costs its pay and no stake. Nobody certifies dice.
      certify: program === 'work',
      ...(countWrong && { countWrong }),
    }
    return { plan, phase: 'waiting' }
  })
}

async function play(world: World, cast: Cast, jobs: readonly ClientJob[], weather: Weather): Promise<void> {
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
  while (shopping > 0) {
    if (clock.now() - start > runMs) throw new Error('the run does not end')
    await faults.apply()
    await clock.advance(200 + rng.below(1_300))
    await invariants.check()
    if (broken.length > 0) throw new Error('a client was let down', { cause: broken[0] })
  }
  await Promise.all(clients)
  await invariants.checkEnd()
}

async function readFates({ chain, providers, validators }: World, cast: Cast): Promise<readonly Fate[]> {
  const kinds = new Map([...cast.providers, ...cast.validators].map((player) => [player.name, player]))
  const fates: Fate[] = []
  for (const { address, node } of [...providers, ...validators]) {
    const player = kinds.get(node.name)
    if (player?.kind !== 'villain') continue
    const role = player.part?.role
    const full = role?.party === 'provider' ? stakeUsdc / BigInt(role.stakeDivisor ?? 1) : stakeUsdc
    const operator = await chain.reader.operator(address, never)
    const earnedUsdc = operator === undefined ? 0n : await chain.reader.earnings(operator.index, never)
    fates.push({ name: node.name, address, lostUsdc: full - (operator?.stake ?? 0n), earnedUsdc })
  }
  return fates
}
