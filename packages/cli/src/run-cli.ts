import { Command, CommanderError } from 'commander'
import { addAggregator } from './commands/aggregator.ts'
import { addCheck } from './commands/check.ts'
import { addCompletion } from './commands/completion.ts'
import { addDemo } from './commands/demo.ts'
import { addDevnet } from './commands/devnet.ts'
import { addDoctor } from './commands/doctor.ts'
import { addJob } from './commands/job.ts'
import { addProvider } from './commands/provider.ts'
import { addReceipt } from './commands/receipt.ts'
import { addRun } from './commands/run.ts'
import { addValidator } from './commands/validator.ts'
import { addWallet } from './commands/wallet.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { reportError } from './report-error.ts'

/** Runs one command line and says how it ended. Never throws. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.ok
  const program = createProgram(io, (code) => (exit = code))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    return reportError(io, error, args.includes('--json'))
  }
}

/** All commands, in the order of a user's day. `setExit` takes a status other than 0. */
export function createProgram(io: Io, setExit: (code: ExitCode) => void): Command {
  const program = new Command('assay')
    .description('A market for verified computation: pay strangers’ machines only for results that were checked.')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .showHelpAfterError('(add --help for what there is)')
    .enablePositionalOptions()
    .addHelpText('after', exitHelp)
  for (const add of [
    addDemo,
    addDevnet,
    addRun,
    addCheck,
    addJob,
    addReceipt,
    addWallet,
    addProvider,
    addValidator,
    addAggregator,
    addDoctor,
  ])
    add(program, io, setExit)
  addCompletion(program, io)
  return program
}

const exitHelp = `
Exit status:
  0 done   1 incomplete or different   2 bad arguments   3 refused, nothing paid   4 unavailable, try later
  5 receipt or result does not hold   69 no Docker engine   70 bug   130 stopped
`
