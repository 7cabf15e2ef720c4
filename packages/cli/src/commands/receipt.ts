import { createSandboxTask } from '@assay/core'
import { systemClock } from '@assay/node-kit'
import { formatUsdc, hashBlob, MarketError, shardInputs, type BlobRoot, unixMs } from '@assay/protocol'
import type { JobReceipt } from '@assay/sdk'
import { readReceipt } from '@assay/sdk/node'
import { openSandbox } from '@assay/runner'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
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
      const replay = flags.replay === undefined ? undefined : await replayShard(io, read, flags)
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

/** Runs a shard once more under the conditions of every paid run and compares result roots. */
async function replayShard(io: Io, read: JobReceipt, flags: VerifyFlags) {
  const { spec } = read.receipt.evidence
  const shard = flags.replay === true ? (read.receipt.openings[0]?.shard ?? 0) : Number(flags.replay)
  const opening = read.receipt.openings.find((one) => one.shard === shard)
  if (opening === undefined)
    throw new MarketError('receipt-invalid', 'the receipt opens no result of this shard', {
      details: { shard: String(shard) },
    })
  const dir = await mkdtemp(join(tmpdir(), 'assay-replay-'))
  try {
    await using sandbox = await openSandbox(
      { clock: systemClock },
      { runnerId: `replay-${process.pid}`, stagingDir: join(dir, 'staging') },
      io.signal,
    )
    await sandbox.ensureImage(spec.image, io.signal)
    const files = await findInputs(
      shardInputs(spec, shard).map((input) => input.root),
      flags.input,
    )
    const pathOf = async (root: BlobRoot): Promise<string> => files.get(root)!
    const deadline = unixMs(systemClock.now() + spec.timeLimitMs * 2)
    const outcome = await sandbox.run(
      await createSandboxTask(spec, shard, { runId: `replay-${process.pid}`, deadline, pathOf }),
      io.signal,
    )
    if (outcome.kind === 'failed')
      throw new MarketError('receipt-invalid', `the replay failed: ${outcome.failure}`, {
        details: { failure: outcome.failure, detail: outcome.detail },
      })
    await outcome.dispose()
    return { shard, same: outcome.resultRoot === opening.resultRoot, paid: opening.resultRoot, got: outcome.resultRoot }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Files of a folder by content: the job's inputs are found by what they hold, whatever they are called. */
async function findInputs(
  roots: readonly BlobRoot[],
  folder: string | undefined,
): Promise<ReadonlyMap<BlobRoot, string>> {
  const found = new Map<BlobRoot, string>()
  if (folder !== undefined)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      found.set((await hashBlob(await readFile(path))).root, path)
    }
  const missing = roots.find((root) => !found.has(root))
  if (missing !== undefined)
    throw new MarketError('input-missing', 'the inputs of the shard are needed: name their folder with --input', {
      details: { root: missing },
    })
  return found
}
