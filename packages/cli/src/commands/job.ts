import type { Command } from 'commander'
import type { Io } from '../io.ts'
import {
  formatUsdc,
  hashSchema,
  MarketError,
  parseMessage,
  shardSchema as shardNumber,
  type JobView,
  type OrderId,
} from '@assay/protocol'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { openProgress } from '../progress.ts'
import { openMarketClient, openStoredOrder, type MarketFlags } from '../settings.ts'
import { formatTable, shortId } from '../table.ts'
import { refundOrder } from '@assay/sdk'
import { withMarketOptions, type AddCommand } from './add-command.ts'
import { explainLines } from './explain-lines.ts'
import { collect, followJob } from './run.ts'

type Flags = MarketFlags & { readonly json?: boolean; readonly output: string; readonly replace?: boolean }

/** Looking costs nothing, so no cap is asked for. */
const looking = (flags: Flags): Flags => ({ ...flags, cap: '0.000001' })

export const addJob: AddCommand = (program, io, setExit) => {
  const job = program
    .command('job')
    .description('list, show, follow, cancel, explain, challenge, accept and refund jobs')
  addList(job, io)
  addShow(job, io)
  addFollow(job, io, setExit)
  addCancel(job, io)
  addExplain(job, io)
  addAccept(job, io)
  addChallenge(job, io)
  addRefund(job, io)
}

function addList(job: Command, io: Io): void {
  withMarketOptions(job.command('list'))
    .description('the newest jobs of this key')
    .action(async (flags: Flags) => {
      await using client = await openMarketClient(io, looking(flags))
      const jobs = await client.jobs(io.signal)
      if (flags.json === true) return io.out(JSON.stringify({ jobs: jobs.map((view) => toPlain(view)) }))
      const rows = jobs.map((view) => [
        view.orderId,
        view.outcome ?? view.state,
        `${view.accepted}/${view.shards}`,
        view.chargedUsdc === undefined ? '' : formatUsdc(view.chargedUsdc),
        new Date(view.createdAtMs).toISOString(),
      ])
      for (const line of formatTable(['job', 'state', 'verified', 'paid USDC', 'created'], rows)) io.out(line)
    })
}

function addShow(job: Command, io: Io): void {
  withMarketOptions(job.command('show'))
    .description('state of one job and each of its attempts')
    .argument('<job>', 'job id')
    .action(async (id: string, flags: Flags) => {
      await using client = await openMarketClient(io, looking(flags))
      const found = await client.job(readId(id), io.signal)
      const view = await found.state(io.signal)
      if (flags.json === true) return io.out(JSON.stringify(toPlain(view)))
      for (const line of describeView(view, found.shardNames)) io.out(line)
    })
}

function addFollow(job: Command, io: Io, setExit: (code: ExitCode) => void): void {
  withMarketOptions(job.command('follow'))
    .description('wait for a job and save what was verified')
    .argument('<job>', 'job id')
    .option('--output <folder>', 'where results go', 'outputs')
    .option('--replace', 'overwrite results of an earlier run')
    .action(async (id: string, flags: Flags) => {
      await using client = await openMarketClient(io, looking(flags))
      using progress = openProgress(io, flags.json === true)
      const found = await client.job(readId(id), io.signal)
      await followJob(found, progress, io.signal)
      const { saved, path } = await collect(found, flags.output, { replace: flags.replace === true, signal: io.signal })
      io.out(
        flags.json === true
          ? JSON.stringify({ saved: saved.saved, missing: saved.missing, receipt: path })
          : `receipt ${path}`,
      )
      if (saved.missing.length > 0) setExit(exitCodes.incomplete)
    })
}

function addCancel(job: Command, io: Io): void {
  withMarketOptions(job.command('cancel'))
    .description('start nothing new; what is verified is paid, the rest comes back')
    .argument('<job>', 'job id')
    .action(async (id: string, flags: Flags) => {
      await using client = await openMarketClient(io, looking(flags))
      const found = await client.job(readId(id), io.signal)
      await found.cancel(io.signal)
      io.out(flags.json === true ? JSON.stringify({ orderId: found.id, cancelled: true }) : `cancelling ${found.id}`)
    })
}

function addAccept(job: Command, io: Io): void {
  withMarketOptions(job.command('accept'))
    .description('class DX: pay for the delivered results that open; the rest comes back')
    .argument('<job>', 'job id')
    .option('--shard <shards...>', 'only these, by number or name; one that does not open is an error')
    .action(async (id: string, flags: Flags & { readonly shard?: readonly string[] }) => {
      await using client = await openMarketClient(io, looking(flags))
      const found = await client.job(readId(id), io.signal)
      const shards = flags.shard?.map((text) => readShard(text, found.shardNames)) ?? 'all'
      const { accepted, chargedUsdc, refused } = await found.accept({ shards, signal: io.signal })
      if (flags.json === true)
        return io.out(
          JSON.stringify(toPlain({ orderId: found.id, accepted, refused, clientPaidUsdc: formatUsdc(chargedUsdc) })),
        )
      for (const { code, shard } of refused) io.err(`shard ${found.shardNames[shard]}: ${code}, not accepted`)
      io.out(
        `accepted ${accepted.length} of ${found.shardNames.length} shards for ${formatUsdc(chargedUsdc)} USDC; the rest came back`,
      )
    })
}

function addRefund(job: Command, io: Io): void {
  job
    .command('refund')
    .description(
      'take an order’s money back on chain, without the aggregator: overdue, left over, or transferred too late',
    )
    .argument('<job>', 'job id')
    .option('--rpc <url...>', 'RPC addresses (ASSAY_RPC_URLS)')
    .option('--json', 'one JSON object')
    .action(async (id: string, flags: Pick<Flags, 'rpc' | 'json'>) => {
      const { chain, terms } = await openStoredOrder(io, readId(id), flags)
      const { sent, overdue } = await refundOrder(chain, terms, io.signal)
      io.out(flags.json === true ? JSON.stringify({ ...sent, overdue }) : `refunded in ${sent.transactionHash}`)
    })
}

function addExplain(job: Command, io: Io): void {
  withMarketOptions(job.command('explain'))
    .description('why each shard is where it is, whose fault a failure was, where its money is')
    .argument('<job>', 'job id')
    .option('--shard <shard>', 'one shard, by number or name')
    .option('--results', 'also open every accepted result, to find those that do not open')
    .action(async (id: string, flags: Flags & { readonly shard?: string; readonly results?: boolean }) => {
      await using client = await openMarketClient(io, looking(flags))
      const found = await client.job(readId(id), io.signal)
      const explanation = await found.explain({
        ...(flags.shard !== undefined && { shard: readShard(flags.shard, found.shardNames) }),
        openResults: flags.results === true,
        signal: io.signal,
      })
      if (flags.json === true) return io.out(JSON.stringify(toPlain(explanation)))
      for (const line of explainLines(explanation)) io.out(line)
    })
}

function addChallenge(job: Command, io: Io): void {
  withMarketOptions(job.command('challenge'))
    .description('have an accepted shard looked at again: an audit if it had none, a panel of three if it passed')
    .argument('<job>', 'job id')
    .requiredOption('--shard <number>', 'which shard, from 0')
    .option('--why <code>', 'a short code for the record', 'doubt')
    .action(async (id: string, flags: Flags & { readonly shard: string; readonly why: string }) => {
      await using client = await openMarketClient(io, looking(flags))
      const found = await client.job(readId(id), io.signal)
      const shard = parseMessage(shardNumber, Number(flags.shard), 'shard')
      await found.challenge(shard, { why: flags.why, signal: io.signal })
      const note = flags.json === true ? JSON.stringify({ orderId: found.id, shard, challenged: true }) : undefined
      io.out(note ?? `challenged shard ${shard} of ${found.id}`)
    })
}

/** A shard by its name, else by its number. */
function readShard(text: string, names: readonly string[]): number {
  const named = names.indexOf(text)
  if (named >= 0) return named
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new MarketError('spec-invalid', `the job has no shard ${text.slice(0, 40)}`, { details: { field: 'shard' } })
}

const readId = (text: string): OrderId => parseMessage(hashSchema<OrderId>(), text, 'job id')

function describeView(view: JobView, names: readonly string[]): readonly string[] {
  const rows = view.attempts.map((attempt) => [
    names[attempt.shard] ?? String(attempt.shard),
    String(attempt.attempt),
    shortId(attempt.provider),
    attempt.state,
    attempt.verdict ?? attempt.code ?? '',
    attempt.ratePpm === undefined ? '' : `${(attempt.ratePpm / 10_000).toFixed(2)} %`,
  ])
  const money =
    view.chargedUsdc === undefined
      ? `at most ${formatUsdc(view.terms.maxAmount)} USDC`
      : `paid ${formatUsdc(view.chargedUsdc)} USDC, ${formatUsdc(view.refundedUsdc ?? view.terms.maxAmount)} came back`
  return [
    `job ${view.orderId}: ${view.outcome ?? view.state}, ${view.accepted} of ${view.shards} shards verified, ${view.audited} audits, ${money}`,
    ...formatTable(['shard', 'attempt', 'provider', 'state', 'verdict', 'audit rate'], rows),
  ]
}

const toPlain = (value: object): unknown =>
  JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part)))
