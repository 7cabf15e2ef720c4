/** A client that buys through the SDK, from whatever aggregator runs now, and tries again when none does. */
import {
  durationMs,
  isMarketError,
  type JobOutcome,
  type JobView,
  type OrderId,
  type OrderTerms,
  type Receipt,
} from '@assay/protocol'
import { openClient, type Client, type Job, type TaskOptions } from '@assay/sdk'
import type { TestActor } from '@assay/testkit'
import { trueOutput } from './cast.ts'
import { image, never, type World } from './world.ts'

export interface JobPlan {
  readonly client: TestActor
  readonly label: string
  readonly shards: number
  /** Submits this long after the start. */
  readonly startMs: number
  /** Cancels this long after submission. */
  readonly cancelMs: number | undefined
  readonly program: 'work' | 'fail' | 'dice' | 'trap'
  readonly timeLimitMs: number
  /** Has the program certified before it buys; what no quorum certifies it does not buy. */
  readonly certify?: boolean
  /** Wrong results are counted and not an error: for villains that a sample of less than everything may miss. */
  readonly countWrong?: true
  /** Class and what goes with it. Default D1. */
  readonly task?: Pick<TaskOptions, 'determinism' | 'hardwareClass' | 'tolerance'>
}
/** What became of a job, as its client sees it. */
export interface ClientJob {
  readonly plan: JobPlan
  /** `refused`: for good, and before anything was paid. */
  phase: 'waiting' | 'buying' | 'running' | 'over' | 'refused'
  orderId?: OrderId
  terms?: OrderTerms
  view?: JobView
  outcome?: JobOutcome
  receipt?: Receipt
  refusal?: string
  /** Shards that were accepted with a wrong result. */
  wrong?: number
}

/** Takes a job from quote to close, and its accepted results home. Resolves when that is done, or it was refused. */
export async function runClient(world: World, job: ClientJob): Promise<void> {
  const { plan } = job
  await pause(world, plan.startMs)
  job.phase = 'buying'
  const client = await persist(world, async () => connect(world, plan.client))
  const bought = client && (await buy(world, job, client))
  if (client === undefined || bought === undefined) {
    job.phase = 'refused'
    return
  }
  job.orderId = bought.id
  job.terms = bought.terms
  job.phase = 'running'
  await Promise.all([follow(world, job, bought), cancelLater(world, job, bought)])
  await client[Symbol.asyncDispose]()
}

const connect = async ({ aggregator, chain, clock }: World, { privateKey }: TestActor): Promise<Client> =>
  openClient({
    aggregator: 'http://market.test',
    privateKey,
    spendingCapUsdc: '900',
    chain: { reader: chain.reader },
    clock,
    async fetch(url, init) {
      const service = aggregator.running?.service
      if (service === undefined) throw new TypeError('no aggregator runs')
      return service.http.fetch(new Request(url, init))
    },
  })

/** Signed once, a job is never bought twice: a lost answer is looked up instead. */
async function buy(world: World, job: ClientJob, client: Client): Promise<Job | undefined> {
  const { label, program, shards, timeLimitMs, certify = false } = job.plan
  const inputs = Array.from({ length: shards }, (_, shard) => ({
    name: `${label}-${shard}`,
    subject: `${label}-${shard}`,
    files: shard % 2 === 0 ? [file('own.txt', `input of ${label}`)] : [],
  }))
  const options = {
    image,
    command: [program, '{}'],
    inputs,
    shared: [file('shared.txt', 'for all')],
    timeLimitMs,
    certify,
    ...job.plan.task,
  }
  let signed: OrderId | undefined
  return persist(world, async () => {
    try {
      return await (signed === undefined ? client.map(options) : client.job(signed))
    } catch (error) {
      const orderId = isMarketError(error) ? error.details['orderId'] : undefined
      if (signed === undefined && typeof orderId === 'string') signed = orderId as OrderId
      job.refusal = String(error)
      throw error
    }
  })
}

const file = (path: string, text: string) => ({
  path,
  async *open() {
    yield new TextEncoder().encode(text)
  },
})

async function follow(world: World, job: ClientJob, bought: Job): Promise<void> {
  while (job.view?.state !== 'closed') {
    await pause(world, 3_000)
    const view = await bought.state().catch(() => undefined)
    if (view !== undefined) job.view = view
  }
  if (job.view.outcome !== undefined) job.outcome = job.view.outcome
  const proven = await persist(world, async () => bought.receipt())
  if (proven !== undefined) job.receipt = proven.receipt
  if (job.plan.program === 'work') await persist(world, async () => checkResults(job, bought))
  job.phase = 'over'
}

/** What was accepted is what an honest machine finds. Without a newcomer's full audit a lie could slip through. */
async function checkResults(job: ClientJob, bought: Job): Promise<void> {
  const { plan } = job
  let wrong = 0
  for await (const output of bought.results()) {
    let stdout = ''
    await output.read(async (entry, bytes) => {
      for await (const part of bytes) if (entry.kind === 'stdout') stdout += new TextDecoder().decode(part)
    })
    const expected = trueOutput([plan.program, output.name])
    if (stdout === expected) continue
    if (plan.countWrong !== true) throw new Error(`shard ${output.name} was accepted with a wrong result: ${stdout}`)
    wrong += 1
  }
  job.wrong = wrong
}

async function cancelLater(world: World, { plan }: ClientJob, bought: Job): Promise<void> {
  if (plan.cancelMs === undefined) return
  await pause(world, plan.cancelMs)
  await persist(world, async () => bought.cancel())
}

const pause = async ({ clock }: World, ms: number): Promise<void> => clock.sleep(durationMs(ms), never)

/** Repeats a call that fails for want of an aggregator or a chain; any other refusal of the market is final. */
async function persist<T>(world: World, work: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isMarketError(error)) throw error
      if (!error.retryable && error.code !== 'internal') return undefined
      await pause(world, 1_000)
    }
  }
  return undefined
}
