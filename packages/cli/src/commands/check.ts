import { InvalidArgumentError } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import type { AddCommand } from './add-command.ts'
import { describeReport, plainReport } from './check-report.ts'
import { checkShards } from './check-shards.ts'
import { jobOf, jobOptions } from './run.ts'

type CheckFlags = Parameters<typeof jobOf>[2] & {
  readonly runs: number
  readonly all?: boolean
  readonly json?: boolean
}

/** Shards that are looked at unless all are asked for: one can be special, a hundred tell no more. */
const shardsByDefault = 3

export const addCheck: AddCommand = (program, io, setExit) => {
  jobOptions(program.command('check'))
    .description('is a job reproducible? runs shards twice on this machine under different conditions and compares')
    .option('--runs <number>', 'runs of each shard, 2 to 8: races show themselves in a few', readRuns, 2)
    .option('--all', `check every shard; default: the first ${shardsByDefault}`)
    .option('--json', 'one JSON object on stdout instead of text')
    .addHelpText('after', checkHelp)
    .action(async (command: string[], flags: CheckFlags) => {
      const show = (text: string): void => {
        if (flags.json === true) return
        if (io.isTerminal) io.redraw(text)
        else if (text !== '') io.err(text)
      }
      try {
        const report = await checkShards(
          await jobOf(io, command, flags),
          { shards: flags.all === true ? undefined : shardsByDefault, runs: flags.runs, onStep: show },
          io.signal,
        )
        show('')
        if (flags.json === true) io.out(JSON.stringify(plainReport(report)))
        else for (const line of describeReport(report)) io.out(line)
        if (!report.reproducible) setExit(exitCodes.incomplete)
      } catch (error) {
        show('')
        throw error
      }
    })
}

function readRuns(text: string): number {
  const runs = Number(text)
  if (Number.isInteger(runs) && runs >= 2 && runs <= 8) return runs
  throw new InvalidArgumentError('a whole number from 2 to 8 is needed.')
}

const checkHelp = `
Example:
  assay check --image python:3.12 --input photos -- python3 -c "…" {}

The first run has the conditions of every paid run. Later ones have another host name, locale, time zone, number of cores
and order of directory entries, and start at least a second later. Exit status: 0 all equal, 1 something differs.
What a second cannot show stays unseen: a job that writes only the date passes. Options about money are ignored.
`
