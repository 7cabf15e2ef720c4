/** A devnet with villains in this process, jobs on it, and what must hold of the money whoever cheats. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDevnet, type Devnet, type DevnetOptions } from '@assay/devnet'
import type { Address, AttemptView, JobView } from '@assay/protocol'
import { openClient, type Job, type JobReceipt } from '@assay/sdk'
import { inputsFromFolder, saveOutputs } from '@assay/sdk/node'
import type { VillainName } from '@assay/villains'
import { loadTestImage } from './test-image.ts'

export interface VillainMarket extends AsyncDisposable {
  readonly devnet: Devnet
  /** Ends the market's time. */
  readonly signal: AbortSignal
  /** Runs jobs, each to its close and with a look at every accepted result, until `done`. Throws after four. */
  playUntil(done: () => Promise<boolean>): Promise<void>
  /** Jobs that have ended. */
  readonly jobs: readonly FinishedJob[]
  /** Stake that an operator has lost on chain since the start. */
  lost(operator: Address): Promise<bigint>
  /** What waits for an operator in the escrow's ledger. */
  earned(operator: Address): Promise<bigint>
  /** Providers and validators of a villain. */
  cast(name: VillainName): readonly Address[]
  /** Whether every one of a villain's providers and validators has lost stake. */
  haveAllLost(name: VillainName): Promise<boolean>
  /** What a provider did in all jobs. */
  attemptsOf(provider: Address): readonly AttemptView[]
  /** What the client and everybody honest must find on chain after all jobs. */
  checkMoney(): Promise<void>
}
export interface FinishedJob {
  readonly job: Job
  readonly view: JobView
  /** Absent when nothing was settled. */
  readonly receipt: JobReceipt | undefined
  /** Accepted shards whose result is not what an honest machine prints. */
  readonly wrong: readonly number[]
}

/** Longest that one market may take, start and every job. */
const marketMs = 540_000
/** Enough that every provider gets one. */
const shardsOfJob = 8
/** Generous: a deadline here catches hangs, never slowness. */
const timeLimitMs = 5_000
/** Jobs after which a villain must have met its fate. */
const jobsTried = 4

export async function openVillainMarket(
  seed: string,
  cast: Pick<DevnetOptions, 'honestProviders' | 'validators' | 'threshold'> & {
    readonly villains: readonly VillainName[]
  },
): Promise<VillainMarket> {
  await using stack = new AsyncDisposableStack()
  const signal = AbortSignal.timeout(marketMs)
  const dir = await mkdtemp(join(tmpdir(), 'assay-villains-'))
  stack.defer(async () => rm(dir, { recursive: true, force: true }))
  const image = await loadTestImage(signal)
  const devnet = stack.use(await openDevnet({ ...cast, dataDir: join(dir, 'devnet'), seed }, signal))
  const client = stack.use(
    await openClient({
      aggregator: devnet.aggregatorUrl,
      privateKey: devnet.client.privateKey,
      spendingCapUsdc: '500',
      chain: { rpcUrls: [devnet.rpcUrl], pollMs: 50 },
      signal,
    }),
  )
  const stakes = await readStakes(devnet, signal)
  const funds = await devnet.chain.usdcBalance(client.address, signal)
  const jobs: FinishedJob[] = []
  const lost = async (operator: Address): Promise<bigint> =>
    (stakes.get(operator) ?? 0n) - ((await devnet.chain.operator(operator, signal))?.stake ?? 0n)
  const earned = async (address: Address): Promise<bigint> => {
    const operator = await devnet.chain.operator(address, signal)
    return operator === undefined ? 0n : devnet.chain.earnings(operator.index, signal)
  }
  const castOf = (name: VillainName): readonly Address[] =>
    [...devnet.providers, ...devnet.validators].flatMap(({ villain, address }) => (villain === name ? [address] : []))
  const runJob = async (): Promise<void> => {
    const at = { inputs: join(dir, `in-${jobs.length}`), outputs: join(dir, `out-${jobs.length}`), signal }
    await writeInputs(at.inputs)
    const job = await client.map({
      image,
      command: ['cat', '{}'],
      inputs: inputsFromFolder(at.inputs),
      timeLimitMs,
      auditBudgetUsdc: '1',
      // Without a certificate a wrong result costs its pay and no stake.
      certify: true,
    })
    jobs.push(await finishJob(job, at))
  }
  const owned = stack.move()
  return {
    devnet,
    signal,
    jobs,
    lost,
    earned,
    cast: castOf,
    haveAllLost: async (name) => (await Promise.all(castOf(name).map(lost))).every((amount) => amount > 0n),
    attemptsOf: (provider) =>
      jobs.flatMap(({ view }) => view.attempts.filter((attempt) => attempt.provider === provider)),
    async playUntil(done) {
      for (let left = jobsTried; left > 0 && !(await done()); left--) await runJob()
      assert.ok(await done(), `still not after ${jobsTried} jobs`)
    },
    async checkMoney() {
      for (const { address, honest, name } of [...devnet.providers, ...devnet.validators])
        if (honest) assert.equal(await lost(address), 0n, `${name} is honest and lost stake`)
      checkHonestWork(devnet, jobs)
      await checkPay(devnet, jobs, earned)
      const spent = jobs.reduce((sum, { view }) => sum + (view.chargedUsdc ?? 0n), 0n)
      assert.equal(
        funds - (await devnet.chain.usdcBalance(client.address, signal)),
        spent,
        'every other unit came back',
      )
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

async function readStakes(devnet: Devnet, signal: AbortSignal): Promise<ReadonlyMap<Address, bigint>> {
  const read = async ({ address }: { readonly address: Address }) =>
    [address, (await devnet.chain.operator(address, signal))?.stake ?? 0n] as const
  return new Map(await Promise.all([...devnet.providers, ...devnet.validators].map(read)))
}

/** One file a shard, each with lines of its own. */
async function writeInputs(folder: string): Promise<void> {
  await mkdir(folder)
  for (let shard = 0; shard < shardsOfJob; shard++)
    await writeFile(join(folder, `n${shard}`), `line 1 of ${shard}\nline 2 of ${shard * 31}\n`)
}

async function finishJob(
  job: Job,
  at: { readonly inputs: string; readonly outputs: string; readonly signal: AbortSignal },
): Promise<FinishedJob> {
  const { signal } = at
  for await (const event of job.events({ signal })) if (event.type === 'job.closed') break
  const view = await job.state(signal)
  if (view.accepted === 0) return { job, view, receipt: undefined, wrong: [] }
  const { saved } = await saveOutputs(job, at.outputs)
  const wrong: number[] = []
  for (const name of saved) {
    const [printed, expected] = await Promise.all([
      readFile(join(at.outputs, `${name}.stdout`), 'utf8'),
      readFile(join(at.inputs, name), 'utf8'),
    ])
    if (printed !== expected) wrong.push(job.shardNames.indexOf(name))
  }
  return { job, view, receipt: await job.receipt({ signal }), wrong }
}

/** No commit of an honest provider was ever turned down. */
function checkHonestWork(devnet: Devnet, jobs: readonly FinishedJob[]): void {
  const honest = new Set(devnet.providers.flatMap((provider) => (provider.honest ? [provider.address] : [])))
  for (const { view } of jobs)
    for (const { provider, state, shard, code } of view.attempts)
      assert.ok(!(honest.has(provider) && state === 'rejected'), `shard ${shard} of an honest provider: ${code}`)
}

/** Everybody earned exactly what the receipts say, and each receipt pays every accepted shard in full. */
async function checkPay(
  devnet: Devnet,
  jobs: readonly FinishedJob[],
  earned: (operator: Address) => Promise<bigint>,
): Promise<void> {
  const due = new Map<Address, bigint>()
  for (const { job, receipt } of jobs) {
    const bill = receipt?.report.job?.bill
    if (receipt === undefined || bill === undefined) continue
    assert.equal(bill.shardsUsdc, BigInt(receipt.accepted) * job.spec.priceUsdc)
    for (const { address, amount } of bill.payees) due.set(address, (due.get(address) ?? 0n) + amount)
  }
  // Villains that are clients pay too: what they bought is not in these receipts.
  const isWhole = !devnet.deeds.all.some(({ kind }) => kind === 'job-closed')
  for (const { address, name } of [...devnet.providers, ...devnet.validators]) {
    const [is, least] = [await earned(address), due.get(address) ?? 0n]
    assert.ok(isWhole ? is === least : is >= least, `${name} earned ${is}, its receipts say ${least}`)
  }
}
