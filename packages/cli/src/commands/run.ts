import { causeAdvice } from '@assay/core'
import { systemClock } from '@assay/node-kit'
import { resolveImage } from '@assay/runner'
import { DeterminismClass, formatUsdc, MarketError, type JobEvent, type Quote } from '@assay/protocol'
import type { Job, MapOptions } from '@assay/sdk'
import { inputsFromFolder, saveOutputs, sharedFrom, writeReceipt } from '@assay/sdk/node'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { join, resolve } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { openProgress, type Progress } from '../progress.ts'
import { finishUnjudged } from './finish-unjudged.ts'
import { quoteSummary } from './quote-lines.ts'
import { openMarketClient, type MarketFlags } from '../settings.ts'
import { taskClass } from './task-class.ts'
import { withMarketOptions, type AddCommand } from './add-command.ts'

interface RunFlags extends MarketFlags {
  readonly image: string
  readonly input: string
  readonly output: string
  readonly shared?: string
  readonly env?: readonly string[]
  readonly price?: string
  readonly auditBudget?: string
  readonly auditRate?: number
  readonly minAuditRate?: number
  readonly quorum?: number
  readonly class?: DeterminismClass
  readonly hardwareClass?: string
  readonly tolerance?: string
  readonly time?: number
  readonly cpus?: number
  readonly memory?: number
  readonly disk?: number
  readonly substitute: boolean
  readonly stdout: boolean
  readonly accept: 'ask' | 'always' | 'never'
  readonly pay: 'signature' | 'transfer'
  readonly replace?: boolean
  readonly detach?: boolean
  readonly certify?: boolean
  readonly json?: boolean
}

export const addRun: AddCommand = (program, io, setExit) => {
  jobOptions(withMarketOptions(program.command('run')))
    .description('run a command over every entry of a folder, one shard each, and pay for what was verified')
    .requiredOption(
      '--cap <usdc>',
      'most that may be spent, e.g. 2.50 (ASSAY_SPENDING_CAP)',
      io.env['ASSAY_SPENDING_CAP'],
    )
    .addOption(
      new Option(
        '--pay <how>',
        'pay by a signature of your key, or by an ordinary transfer from any wallet to the order’s deposit address',
      )
        .choices(['signature', 'transfer'])
        .default('signature'),
    )
    .option('--certify', 'have the quorum certify the program first, so that a wrong result costs its provider stake')
    .addOption(
      new Option('--accept <how>', 'class DX: whether to pay for the results that open, once they are saved')
        .choices(['ask', 'always', 'never'])
        .default('ask'),
    )
    .option('--replace', 'overwrite results of an earlier run in the output folder')
    .option('--detach', 'print the job id once the job is funded and leave')
    .addHelpText('after', runHelp)
    .action(async (command: string[], flags: RunFlags) => {
      const client = await openMarketClient(io, flags)
      await using _ = client
      using progress = openProgress(io, flags.json === true)
      const job = await client.map({
        ...(await jobOf(io, command, flags)),
        payBy: flags.pay,
        certify: flags.certify === true,
        onProgress: (event) => reportStart(event, progress),
      })
      if (flags.detach === true) return io.out(flags.json === true ? JSON.stringify({ orderId: job.id }) : job.id)
      await followJob(job, progress, io.signal)
      if (job.terms.quorumId === 0) return setExit(await finishUnjudged(job, io, { ...flags, progress }))
      const collected = await collect(job, flags.output, { replace: flags.replace === true, signal: io.signal })
      report(io, job, collected, flags)
      if (collected.saved.missing.length > 0) setExit(exitCodes.incomplete)
    })
}

/** What came of it: money and places, as one JSON object or in words. */
function report(
  io: Io,
  job: Job,
  { saved, receipt, path }: Awaited<ReturnType<typeof collect>>,
  flags: RunFlags,
): void {
  const outputs = resolve(flags.output)
  const clientPaidUsdc = formatUsdc(receipt.chargedUsdc)
  const clientRefundedUsdc = formatUsdc(receipt.returnedUsdc)
  const { shards, accepted, audited, convicted } = receipt
  if (flags.json === true) {
    const paid = { clientPaidUsdc, clientRefundedUsdc }
    const found = { orderId: job.id, shards, accepted, audited, convicted, ...paid }
    return io.out(JSON.stringify({ ...found, outputs, missing: saved.missing, receipt: path }))
  }
  io.err(`${accepted} of ${shards} shards verified; paid ${clientPaidUsdc} USDC, ${clientRefundedUsdc} came back`)
  io.out(`outputs ${outputs}`)
  io.out(`receipt ${path}`)
}

/** What those options say. */
export type JobFlags = Omit<RunFlags, keyof MarketFlags | 'pay' | 'accept'>

/** Options that describe a job; `run`, `quote` and `demo` share them. */
export const jobOptions = (command: Command): Command =>
  command
    .argument('<command...>', 'what to run, after `--`; `{}` becomes the path of the shard’s input')
    .requiredOption('--image <ref>', 'image: a digest `sha256:…`, or a name that the local engine has')
    .requiredOption('--input <folder>', 'each entry is one shard, below /in')
    .option('--output <folder>', 'where results go', 'outputs')
    .option('--shared <path>', 'file or folder that every shard sees below /in')
    .option('--env <NAME=VALUE...>', 'environment of the command')
    .option('--price <usdc>', 'most for one verified shard; default: the market’s price')
    .option('--audit-budget <usdc>', 'most for all audits; default: one for each shard')
    .addOption(
      new Option(
        '--class <class>',
        'D1: repeats bit for bit; D2: does on hardware of one class; D3: within a tolerance; DX: does not repeat, nobody audits, you accept the results; default D1',
      ).choices(DeterminismClass.options),
    )
    .option('--hardware-class <key>', 'with D2: hardware that may run it, as `assay doctor` shows it')
    .option('--tolerance <limits>', 'with D3: e.g. absolute=1e-9,relative=1e-6,outliers=100,*.dat=csv')
    .option('--audit-rate <share>', 'audit at least this share: 25% or 0.25', readShare)
    .option('--min-audit-rate <share>', 'the same', readShare)
    .option('--quorum <number>', 'who is to judge; default: the market’s quorum', Number)
    .option('--time <seconds>', 'time limit of a shard', Number, 60)
    .option('--cpus <number>', 'CPU cores of a shard', Number, 1)
    .option('--memory <MiB>', 'memory of a shard', Number, 512)
    .option('--disk <MiB>', 'size of /out and of /tmp', Number, 256)
    .option('--no-substitute', 'leave `{}` in the command alone')
    .option('--no-stdout', 'drop standard output instead of keeping it as a result')

/** The job that the flags describe, with a local tag turned into its digest. */
export async function jobOf(io: Io, command: readonly string[], flags: JobFlags): Promise<MapOptions> {
  const image = /sha256:[0-9a-f]{64}$/.test(flags.image)
    ? flags.image
    : (await resolveImage({ clock: systemClock }, flags.image, io.signal)).pinned
  return {
    image,
    command,
    inputs: inputsFromFolder(flags.input),
    substitute: flags.substitute,
    captureStdout: flags.stdout,
    timeLimitMs: (flags.time ?? 60) * 1000,
    resources: {
      cpus: flags.cpus ?? 1,
      memoryBytes: (flags.memory ?? 512) * mebibyte,
      diskBytes: (flags.disk ?? 256) * mebibyte,
    },
    env: Object.fromEntries((flags.env ?? []).map(splitVariable)),
    signal: io.signal,
    ...(flags.shared !== undefined && { shared: sharedFrom(flags.shared) }),
    ...(flags.price !== undefined && { maxPricePerShardUsdc: flags.price }),
    ...(flags.auditBudget !== undefined && { auditBudgetUsdc: flags.auditBudget }),
    ...(flags.minAuditRate !== undefined && { minAuditRate: flags.minAuditRate }),
    ...(flags.auditRate !== undefined && { minAuditRate: flags.auditRate }),
    ...(flags.quorum !== undefined && { quorumId: flags.quorum }),
    ...taskClass(flags),
  }
}

/** Shows how far a job is on its way to the market. */
export function reportStart(event: Parameters<NonNullable<MapOptions['onProgress']>>[0], progress: Progress): void {
  if (event.stage === 'quoted') {
    progress.step(quoteSummary(event.quote))
  }
  if (event.stage === 'quoted') progress.step(aboutCertificate(event.quote.certificate))
  if (event.stage === 'certifying')
    progress.step(
      `certifying: ${event.promised} validators have run the sample, ${event.answered} have shown what they found`,
    )
  if (event.stage === 'uncertified') for (const line of describeFindings(event.findings)) progress.step(line)
  if (event.stage === 'awaiting-transfer') {
    const { amountUsdc, token, chainId, depositAddress, expiresAtMs } = event
    progress.step(
      `send ${formatUsdc(amountUsdc)} USDC (token ${token} on chain ${chainId}) to ${depositAddress} before ${new Date(expiresAtMs).toISOString()}; what comes too late or in excess returns to your own address`,
    )
  }
  if (event.stage === 'funding') progress.step(`escrowing ${formatUsdc(event.maxUsdc)} USDC as order ${event.orderId}`)
}

function aboutCertificate(certificate: Quote['certificate']): string {
  switch (certificate.state) {
    case 'certified':
      return `certified as reproducible until ${new Date(certificate.expiresAtMs).toISOString()}: a wrong result costs its provider stake`
    case 'none':
      return 'not certified: wrong results are refused and not paid, but cost no stake; --certify changes that'
    case 'revoked':
      return `its certificate was revoked, because an audit found it not reproducible: wrong results cost no stake`
  }
}

/** What each validator found that kept it from certifying. */
function describeFindings(
  findings: Extract<Parameters<NonNullable<MapOptions['onProgress']>>[0], { stage: 'uncertified' }>['findings'],
): readonly string[] {
  return findings.flatMap(({ validator, grade, differences }) => [
    `validator ${validator} finds it ${grade}`,
    ...differences.map(({ path, cause, offset, first, second, detail }) => {
      const where = path === '' ? 'standard output' : `/out/${path}`
      const at = offset === undefined ? '' : `, byte ${offset}`
      const values = first && second ? `: "${first.text}" and "${second.text}"` : ''
      return `  ${where}${at}: ${causeAdvice[cause].title}${values}${detail === undefined ? '' : ` ${detail}`}`
    }),
  ])
}

/** Shows events until the job is closed. */
export async function followJob(job: Job, progress: Progress, signal: AbortSignal): Promise<void> {
  const total = job.shardNames.length
  const verified = new Set<number>()
  for await (const event of job.events({ signal })) {
    if (event.type === 'shard.verified' && event.shard !== undefined) verified.add(event.shard)
    const line = noteworthy(event, job)
    if (line !== undefined) progress.step(line)
    progress.count(verified.size, total, event.type)
    // Class DX: the next step is the client's.
    if (event.type === 'job.settling' && job.terms.quorumId === 0) return
  }
}

function noteworthy(event: JobEvent, job: Job): string | undefined {
  const where = event.shard === undefined ? '' : `${job.shardNames[event.shard] ?? event.shard}`
  switch (event.type) {
    case 'job.funded':
      return 'funded'
    case 'attempt.failed':
      return `shard ${where}, attempt ${event.attempt ?? '?'} failed: ${event.code ?? 'unknown'}, fault of the ${event.blame ?? 'network'}`
    case 'audit.mismatched':
      return `shard ${where}: the audit disagrees with ${event.provider ?? 'the provider'}; a panel of three re-runs it`
    case 'provider.convicted':
      return `shard ${where}: ${event.provider ?? 'a provider'} is convicted (${event.code ?? ''}); the shard goes to another provider`
    case 'shard.failed':
      return `shard ${where} failed: ${event.code ?? ''}`
    case 'job.settled':
      return `settled on chain in ${event.note ?? ''}`
    default:
      return undefined
  }
}

/** Saves what was verified, proves the job, and writes the receipt beside the results. */
export async function collect(
  job: Job,
  folder: string,
  options: { readonly replace: boolean; readonly signal: AbortSignal },
) {
  const saved = await saveOutputs(job, folder, { ...options, allowPartial: true })
  const path = resolve(join(folder, 'receipt.json'))
  const receipt = await job.receipt({ signal: options.signal })
  await writeReceipt(receipt, path)
  return { saved, receipt, path }
}

/** A share as a person writes it. Throws for anything outside 0 to 1. */
export function readShare(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)\s*(%?)$/.exec(text.trim())
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1)
  if (share >= 0 && share <= 1) return share
  throw new InvalidArgumentError('Say a share such as 25% or 0.25.')
}

const mebibyte = 1024 * 1024

function splitVariable(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new MarketError('spec-invalid', `--env wants NAME=VALUE, not ${text.slice(0, 40)}`, {
    details: { field: 'env' },
  })
}

const runHelp = `
Examples:
  assay run --cap 1 --image busybox --input texts -- wc -w {}
  assay run --cap 5 --image python:3.12 --input jobs --output results -- python3 /in/main.py

Each verified shard leaves <output>/<entry>/ with what the command wrote to /out, and <output>/<entry>.stdout with
what it printed. Nothing is written for a shard that was not verified, and nothing is paid for it.
`
