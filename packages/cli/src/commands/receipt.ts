import { formatUsdc, MarketError } from '@assay/protocol'
import type { JobReceipt } from '@assay/sdk'
import { readReceipt } from '@assay/sdk/node'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { replayShard } from '../replay-shard.ts'
import { formatTable } from '../table.ts'
import type { AddCommand } from './add-command.ts'

interface VerifyFlags {
  readonly replay?: string | true
  readonly input?: string
  readonly json?: boolean
}

export const addReceipt: AddCommand = (program, io, setExit) => {
  const receipt = program.command('receipt').description('read and judge receipts; no network is needed')

  receipt
    .command('show')
    .description('what a job came to')
    .argument('<file>')
    .option('--json', 'one JSON object')
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const read = await readReceipt(file)
      if (flags.json === true) return io.out(JSON.stringify(summary(read)))
      for (const [name, value] of Object.entries(summary(read)))
        io.out(`${name.padEnd(12)} ${Array.isArray(value) ? value.join(' ') || 'nobody' : String(value)}`)
    })

  receipt
    .command('verify')
    .description('check every signature, root, opening, sample and payout, with the network down')
    .argument('<file>')
    .option('--replay [shard]', 'also run one shard again in the local Docker and compare; default: the first')
    .option('--input <folder>', 'the job’s inputs, for --replay')
    .option('--json', 'one JSON object')
    .action(async (file: string, flags: VerifyFlags) => {
      const read = await readReceipt(file)
      const replay = flags.replay === undefined ? undefined : await replayPaid(io, read, flags)
      if (flags.json === true)
        io.out(JSON.stringify({ ok: replay?.same ?? true, checks: read.report.checks, ...(replay && { replay }) }))
      else {
        for (const line of formatTable(
          ['check', 'result', ''],
          read.report.checks.map((check) => [check.name, check.status, describe(check.details)]),
        ))
          io.out(line)
        if (replay !== undefined)
          io.out(`replay of shard ${replay.shard}: ${replay.same ? 'same result' : 'ANOTHER RESULT'} ${replay.got}`)
      }
      if (replay?.same === false) setExit(exitCodes.invalid)
    })
}

const describe = (check: object): string =>
  Object.entries(check)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

const summary = (read: JobReceipt) => ({
  job: read.orderId,
  shards: read.shards,
  accepted: read.accepted,
  audited: read.audited,
  convicted: read.convicted,
  paidUsdc: formatUsdc(read.chargedUsdc),
  returnedUsdc: formatUsdc(read.returnedUsdc),
  transaction: read.receipt.proof?.transactionHash ?? '',
  image: read.receipt.evidence.spec.image,
})

/** Runs a shard once more and compares result roots. */
async function replayPaid(io: Io, read: JobReceipt, flags: VerifyFlags) {
  const { spec } = read.receipt.evidence
  const shard = flags.replay === true ? (read.receipt.openings[0]?.shard ?? 0) : Number(flags.replay)
  const opening = read.receipt.openings.find((one) => one.shard === shard)
  if (opening === undefined)
    throw new MarketError('receipt-invalid', 'the receipt opens no result of this shard', {
      details: { shard: String(shard) },
    })
  const outcome = await replayShard(io, { spec, shard, folder: flags.input })
  if ('failure' in outcome)
    throw new MarketError('receipt-invalid', `the replay failed: ${outcome.failure}`, { details: { ...outcome } })
  return { shard, same: outcome.root === opening.resultRoot, paid: opening.resultRoot, got: outcome.root }
}
