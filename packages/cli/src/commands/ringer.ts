import { createReadStream } from 'node:fs'
import { randomInt } from 'node:crypto'
import { drawDonors, drawPauseMs } from '@assay/core'
import { systemClock } from '@assay/node-kit'
import { durationMs, EpochProposal, openEnvelope, ppm, ppmSchema, parseMessage, shardInputs } from '@assay/protocol'
import { ringProvider, type JobReceipt } from '@assay/sdk'
import { readReceipt } from '@assay/sdk/node'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { findInputs } from '../replay-shard.ts'
import { openMarketClient, type MarketFlags } from '../settings.ts'
import { withMarketOptions, type AddCommand } from './add-command.ts'

type Flags = MarketFlags & { readonly json?: boolean; readonly input?: string; readonly share: string }

export const addRinger: AddCommand = (program, io, setExit) => {
  const ringer = program.command('ringer').description('jobs whose right answer is known, to see who is lazy')
  withMarketOptions(ringer.command('provider'))
    .description('buy jobs of receipts again under this key, compare the results, challenge what differs')
    .argument('<receipts...>', 'receipts of settled jobs of other clients, with their openings')
    .requiredOption('--cap <usdc>', 'most USDC that this may spend')
    .option('--input <folder>', 'the jobs’ inputs, found by what they hold')
    .option('--share <part>', 'replay each job only with this chance, from 0 to 1', '1')
    .action(async (files: readonly string[], flags: Flags) => run(files, flags, io, setExit))
}

async function run(files: readonly string[], flags: Flags, io: Io, setExit: (code: ExitCode) => void): Promise<void> {
  const share = ppm(parseMessage(ppmSchema, Math.round(Number(flags.share) * 1_000_000), 'share'))
  const settled = await Promise.all(files.map(async (file) => readReceipt(file)))
  const pauses = pausesOf(settled)
  const random = (): number => randomInt(2 ** 32)
  await using client = await openMarketClient(io, flags)
  let rung = 0
  for (const known of drawDonors(settled, share, random)) {
    if (rung > 0) await systemClock.sleep(durationMs(drawPauseMs(pauses, random)), io.signal)
    rung += 1
    const { spec } = known.receipt.evidence
    const roots = spec.shards.flatMap((_, shard) => shardInputs(spec, shard).map(({ root }) => root))
    const paths = await findInputs(roots, flags.input)
    const result = await ringProvider(client, known, {
      open: (root) => createReadStream(paths.get(root)!),
      signal: io.signal,
    })
    const { orderId, compared, mismatched } = result
    const text = `${orderId}: ${compared} compared, ${mismatched.length === 0 ? 'all the same' : `challenged ${mismatched.join(' ')}`}`
    io.out(flags.json === true ? JSON.stringify(result) : text)
    if (mismatched.length > 0) setExit(exitCodes.invalid)
  }
}

/** The pauses between these jobs, as the closing times of their epochs show them. */
function pausesOf(settled: readonly JobReceipt[]): readonly number[] {
  const times = settled.flatMap(({ receipt }) =>
    receipt.evidence.epochs
      .slice(0, 1)
      .map(({ proposal }) => openEnvelope('epoch/1', EpochProposal, proposal).closedAtMs),
  )
  const sorted = times.toSorted((a, b) => a - b)
  return sorted.slice(1).map((time, i) => time - (sorted[i] ?? time))
}
