import { Command, CommanderError } from 'commander'
import type { AddCommand } from './commands/add-command.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { reportError } from './report-error.ts'

/** Each command with the module it lives in: only what is asked for is loaded, and some load a chain or a network. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  devnet: async () => (await import('./commands/devnet.ts')).addDevnet,
  run: async () => (await import('./commands/run.ts')).addRun,
  quote: async () => (await import('./commands/quote.ts')).addQuote,
  check: async () => (await import('./commands/check.ts')).addCheck,
  certify: async () => (await import('./commands/certify.ts')).addCertify,
  certificate: async () => (await import('./commands/certificate.ts')).addCertificate,
  job: async () => (await import('./commands/job.ts')).addJob,
  receipt: async () => (await import('./commands/receipt.ts')).addReceipt,
  verdict: async () => (await import('./commands/verdict.ts')).addVerdict,
  ringer: async () => (await import('./commands/ringer.ts')).addRinger,
  wallet: async () => (await import('./commands/wallet.ts')).addWallet,
  provider: async () => (await import('./commands/provider.ts')).addProvider,
  validator: async () => (await import('./commands/validator.ts')).addValidator,
  aggregator: async () => (await import('./commands/aggregator.ts')).addAggregator,
  simulate: async () => (await import('./commands/simulate.ts')).addSimulate,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
}

/** Help and completion speak of all commands; every other line needs the one it names. */
const alone = (name: string): boolean => Object.hasOwn(commands, name) && name !== 'completion'

/** Runs one command line and says how it ended. Never throws. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.ok
  const [first = ''] = args
  try {
    const program = await createProgram(io, (code) => (exit = code), alone(first) ? [first] : undefined)
    await program.parseAsync([...args], { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    return reportError(io, error, args.includes('--json'))
  }
}

/** A program with the named commands; by default all of them, in the order of a user's day. `setExit` takes a status other than 0. */
export async function createProgram(
  io: Io,
  setExit: (code: ExitCode) => void,
  names: readonly string[] = Object.keys(commands),
): Promise<Command> {
  const program = new Command('assay')
    .description('A market for verified computation: pay strangers’ machines only for results that were checked.')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .showHelpAfterError('(add --help for what there is)')
    .enablePositionalOptions()
    .addHelpText('after', exitHelp)
  for (const name of names) {
    const add = await commands[name]?.()
    add?.(program, io, setExit)
  }
  return program
}

const exitHelp = `
Exit status:
  0 done   1 incomplete or different   2 bad arguments   3 refused, nothing paid   4 unavailable, try later
  5 receipt, verdict or result does not hold   69 no Docker engine   70 bug   130 stopped
`
