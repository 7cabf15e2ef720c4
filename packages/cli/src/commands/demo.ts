import { openDevnet, type Devnet } from '@assay/devnet'
import { createLogger, silentLogger, systemClock } from '@assay/node-kit'
import { formatUsdc, isMarketError, usdc, type Address, type JobEvidence, type UsdcBase } from '@assay/protocol'
import { openClient, type Client, type Job, type JobReceipt, type MapOptions } from '@assay/sdk'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { openProgress, type Progress } from '../progress.ts'
import { formatTable } from '../table.ts'
import type { AddCommand } from './add-command.ts'
import { demoImage, demoInputs } from './demo-job.ts'
import { collect, followJob, jobOf, reportStart } from './run.ts'

interface DemoFlags {
  readonly image?: string
  readonly input?: string
  readonly output: string
  readonly seed: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/** What the last line of `--json` holds. */
interface DemoResult {
  readonly shards: number
  readonly audited: number
  readonly convicted: readonly string[]
  readonly providers: readonly {
    readonly id: Address
    readonly honest: boolean
    /** Name of the villain, or `honest`. */
    readonly plays: string
    readonly earnedUsdc: string
    readonly slashedUsdc: string
  }[]
  readonly clientPaidUsdc: string
  readonly clientRefundedUsdc: string
  readonly gasPerShard: number
  readonly outputs: string
  readonly receipt: string
  readonly seconds: number
}

export const addDemo: AddCommand = (program, io, setExit) => {
  program
    .command('demo')
    .description('start a market, run a job on it, catch a cheat, settle, and show who earned and lost what')
    .argument('[command...]', 'what to run, after `--`; `{}` becomes the path of the shard’s input')
    .option('--image <ref>', 'any image that the local engine has; default: a small one made on the spot')
    .option('--input <folder>', 'each entry is one shard; default: the documents of this project')
    .option('--output <folder>', 'where results go', 'demo-outputs')
    .option('--seed <text>', 'keys of all actors follow from it', 'demo')
    .option('--verbose', 'log of all nodes on stderr')
    .option('--json', 'end with the table as one JSON object')
    .addHelpText('after', '\nExample:\n  ./scripts/demo --image python:3.12 --input photos -- python3 -c "…" {}\n')
    .action(async (command: string[], flags: DemoFlags) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'assay-demo-'))
      try {
        const result = await runDemo(io, command, flags, dataDir)
        if (result.accepted < result.shown.shards) setExit(exitCodes.incomplete)
        if (flags.json === true) io.out(JSON.stringify(result.shown))
        else for (const line of describe(result.shown, result.caught)) io.out(line)
      } finally {
        await rm(dataDir, { recursive: true, force: true })
      }
    })
}

async function runDemo(io: Io, words: readonly string[], flags: DemoFlags, dataDir: string) {
  using progress = openProgress(io, false)
  const log = flags.verbose === true ? createLogger({ level: 'info', destination: process.stderr }) : silentLogger
  // The default program runs in the default image; a command of one's own runs in whatever image is named.
  const image = flags.image ?? (await demoImage(io, progress))
  const command = words.length > 0 ? words : demoInputs.command
  await using devnet = await openDevnet(
    { dataDir, log, seed: flags.seed, onStep: (step) => progress.step(`starting ${step}`) },
    io.signal,
  )
  const stakes = await readStakes(devnet, io.signal)
  await using client = await openClient({
    aggregator: devnet.aggregatorUrl,
    privateKey: devnet.client.privateKey,
    spendingCapUsdc: '100',
    chain: { rpcUrls: [devnet.rpcUrl], pollMs: 50 },
    signal: io.signal,
  })
  const input = flags.input ?? demoInputs.folder
  const named = { image, input, output: flags.output, substitute: true, stdout: true }
  await certifyFirst(client, await jobOf(io, command, named), progress)
  const before = systemClock.now()
  const spec = await jobOf(io, command, named)
  const job = await client.map({ ...spec, onProgress: (event) => reportStart(event, progress) })
  await followJob(job, progress, io.signal)
  const { receipt, path } = await collect(job, flags.output, { replace: true, signal: io.signal })
  const providers = await readProviders(devnet, stakes, io.signal)
  const seconds = Number(((systemClock.now() - before) / 1000).toFixed(1))
  const shown: DemoResult = {
    shards: receipt.shards,
    audited: receipt.audited,
    convicted: receipt.convicted,
    providers,
    clientPaidUsdc: formatUsdc(receipt.chargedUsdc),
    clientRefundedUsdc: formatUsdc(receipt.returnedUsdc),
    gasPerShard: Math.round((receipt.receipt.proof?.gasUsed ?? 0) / receipt.shards),
    outputs: resolve(flags.output),
    receipt: path,
    seconds,
  }
  return { shown, accepted: receipt.accepted, caught: describeCatches(receipt, job) }
}

/** So that the cheat loses stake. A command of the reader's own that is not reproducible runs all the same. */
async function certifyFirst(client: Client, spec: MapOptions, progress: Progress): Promise<void> {
  try {
    await client.certify({ ...spec, onProgress: (event) => reportStart(event, progress) })
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'certificate-refused') throw error
    progress.step('it is not reproducible, so nobody can be slashed for a wrong result of it')
  }
}

const readStakes = async (devnet: Devnet, signal: AbortSignal): Promise<ReadonlyMap<Address, UsdcBase>> =>
  new Map(
    await Promise.all(
      devnet.providers.map(
        async ({ address }) => [address, (await devnet.chain.operator(address, signal))?.stake ?? usdc(0n)] as const,
      ),
    ),
  )

/** Earnings and losses as the chain has them, not as anybody says. */
async function readProviders(
  devnet: Devnet,
  stakes: ReadonlyMap<Address, UsdcBase>,
  signal: AbortSignal,
): Promise<DemoResult['providers']> {
  const read = async ({ address, honest, villain }: Devnet['providers'][number]) => {
    const operator = await devnet.chain.operator(address, signal)
    const earned = operator === undefined ? usdc(0n) : await devnet.chain.earnings(operator.index, signal)
    const lost = usdc((stakes.get(address) ?? 0n) - (operator?.stake ?? 0n))
    const plays = villain ?? 'honest'
    return { id: address, honest, plays, earnedUsdc: formatUsdc(earned), slashedUsdc: formatUsdc(lost) }
  }
  return Promise.all(devnet.providers.map(read))
}

/** How each cheat was found: which shard, by whom, how the panel voted. */
function describeCatches({ receipt }: JobReceipt, job: Job): readonly string[] {
  const { evidence } = receipt
  const leaves = new Map(
    evidence.epochs.flatMap((epoch) => epoch.leaves.map(({ commit }) => [commit.commitment, commit] as const)),
  )
  return evidence.audits.flatMap((audit: JobEvidence['audits'][number]) => {
    const [first, panel] = audit.rounds
    const commit = leaves.get(audit.commitment)
    const auditor = first?.attestations[0]
    if (commit === undefined || auditor === undefined || panel === undefined) return []
    const agree = panel.attestations.filter(({ resultRoot }) => resultRoot === auditor.resultRoot).length
    return [
      `${job.shardNames[commit.shard] ?? commit.shard}: ${commit.provider} answered ${audit.opening?.resultRoot.slice(0, 10) ?? 'nothing'}, auditor ${auditor.validator} got ${auditor.resultRoot.slice(0, 10)}, ${agree} of ${panel.attestations.length} of the panel agree with the auditor`,
    ]
  })
}

function describe(result: DemoResult, caught: readonly string[]): readonly string[] {
  const rows = result.providers.map(({ id, plays, earnedUsdc, slashedUsdc }) => [
    id,
    plays,
    earnedUsdc,
    slashedUsdc,
    result.convicted.includes(id) ? 'convicted' : '',
  ])
  return [
    '',
    ...formatTable(['provider', 'plays', 'earned USDC', 'slashed USDC', ''], rows),
    '',
    ...(caught.length === 0 ? ['nobody was caught'] : ['caught:', ...caught.map((line) => `  ${line}`)]),
    '',
    `${result.shards} shards, ${result.audited} audits`,
    `client paid ${result.clientPaidUsdc} USDC, ${result.clientRefundedUsdc} came back`,
    `${result.gasPerShard} gas per shard to settle, ${result.seconds} s from submission to receipt`,
    `results ${result.outputs}`,
    `receipt ${result.receipt}   (assay receipt verify ${result.receipt})`,
  ]
}
