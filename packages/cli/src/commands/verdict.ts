import { failedRunRoot } from '@assay/core'
import { formatUsdc, MarketError } from '@assay/protocol'
import { openVerdict, type JobVerdict } from '@assay/sdk'
import { readFile } from 'node:fs/promises'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { replayShard } from '../replay-shard.ts'
import { formatTable } from '../table.ts'
import type { AddCommand } from './add-command.ts'

interface VerifyFlags {
  readonly replay?: true
  readonly input?: string
  readonly json?: boolean
}

export const addVerdict: AddCommand = (program, io, setExit) => {
  const verdict = program.command('verdict').description('read and judge verdict bundles; no network is needed')

  verdict
    .command('show')
    .description('who was convicted of what, and what stands')
    .argument('<file>')
    .option('--json', 'one JSON object')
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const read = await readBundle(file)
      if (flags.json === true) return io.out(JSON.stringify(summary(read)))
      for (const [name, value] of Object.entries(summary(read))) io.out(`${name.padEnd(12)} ${String(value)}`)
    })

  verdict
    .command('verify')
    .description(
      'judge a verdict again: epoch, seed, seats, signatures, results, amount, appeals; with the network down',
    )
    .argument('<file>')
    .option('--replay', 'also run the shard again in the local Docker and compare with everybody’s result')
    .option('--input <folder>', 'the job’s inputs, for --replay')
    .option('--json', 'one JSON object')
    .action(async (file: string, flags: VerifyFlags) => {
      const read = await readBundle(file)
      const replay = flags.replay === undefined ? undefined : await replayJudged(io, read, flags.input)
      const { checks } = read.report
      if (flags.json === true)
        io.out(JSON.stringify({ ok: replay?.agrees ?? true, id: read.id, stands: read.stands, checks, replay }))
      else {
        for (const line of formatTable(
          ['check', 'result', ''],
          checks.map((check) => [check.name, check.status, describe(check.details)]),
        ))
          io.out(line)
        io.out(`stands: ${read.stands}`)
        if (replay !== undefined) for (const line of replayLines(replay)) io.out(line)
      }
      if (replay?.agrees === false) setExit(exitCodes.invalid)
    })
}

/** Reads a bundle file and judges it. Throws `input-missing`, `message-malformed`, `verdict-invalid`. */
async function readBundle(path: string): Promise<JobVerdict> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MarketError('input-missing', 'the bundle cannot be read', { details: { path }, cause })
  })
  return openVerdict(text)
}

const describe = (details: object): string =>
  Object.entries(details)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

const summary = ({ id, verdictId, bundle, accused, fault, slashUsdc, stands, shard, attempt }: JobVerdict) => ({
  bundle: id,
  verdict: verdictId,
  job: bundle.verdict.orderId,
  shard,
  attempt,
  accused,
  fault,
  slashUsdc: formatUsdc(slashUsdc),
  detector: bundle.verdict.detector,
  appeals: bundle.appeals.length,
  stands,
  image: bundle.spec.image,
})

/** Runs the judged shard once more and says whose result it is. The verdict stands the test when the accused's is another. */
async function replayJudged(io: Io, { bundle, shard, accused, fault, stands }: JobVerdict, folder: string | undefined) {
  const { audit, appeals, overturned } = bundle
  const outcome = await replayShard(io, { spec: bundle.spec, shard, folder })
  const got = 'failure' in outcome ? failedRunRoot : outcome.root
  const opened = [audit, ...appeals].find(({ opening }) => opening !== undefined)?.opening?.resultRoot
  const rounds = [...audit.rounds, ...(overturned?.appeals ?? []), ...appeals]
  const shown = rounds.flatMap(({ attestations }) => attestations)
  const said = fault === 'provider' ? opened : shown.find(({ validator }) => validator === accused)?.resultRoot
  const matching = shown.filter(({ resultRoot }) => resultRoot === got).map(({ validator }) => validator)
  // Who never said anything was convicted of that; no run can show otherwise.
  const agrees = said === undefined || (said === got) === (stands === 'innocent')
  return { shard, got, accused: said ?? null, provider: opened ?? null, matching, of: shown.length, agrees }
}

const replayLines = (replay: Awaited<ReturnType<typeof replayJudged>>): readonly string[] => [
  `replay of shard ${replay.shard}: ${replay.got}`,
  `the accused's result: ${replay.accused ?? 'never shown'}`,
  `validators with the replayed result: ${replay.matching.length} of ${replay.of}`,
  replay.agrees ? 'the replay agrees with what stands' : 'THE REPLAY DOES NOT AGREE WITH WHAT STANDS',
]
