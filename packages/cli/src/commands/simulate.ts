import { MarketError, toMarketError } from '@assay/protocol'
import {
  drawChart,
  ruleNames,
  runSimulation,
  strategies,
  type RuleName,
  type SimulationReport,
  type Strategy,
} from '@assay/villains'
import { InvalidArgumentError, Option } from 'commander'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { loadUserModule } from '../load-user-module.ts'
import type { AddCommand } from './add-command.ts'
import { describeSimulation } from './simulation-report.ts'
import { parseStrategy } from './strategy-schema.ts'

interface SimulateFlags {
  readonly strategy: readonly string[]
  readonly rule?: RuleName
  readonly epochs?: number
  readonly seed: number
  readonly sweep: 'short' | 'long'
  readonly charts?: string
  readonly json?: boolean
}

/** Epochs for each strategy under each rule, unless said otherwise: seconds, and minutes. */
const epochsOf = { short: 20_000, long: 100_000 } as const

export const addSimulate: AddCommand = (program, io, setExit) => {
  program
    .command('simulate')
    .description('does cheating pay? plays every known villain against the rules of the market, and against a control')
    .option(
      '--strategy <name|file>',
      'a villain by name, or a file that exports a `strategy`; may be repeated',
      add,
      [],
    )
    .addOption(new Option('--rule <name>', 'our rules or the control alone; default: both').choices([...ruleNames]))
    .option('--epochs <number>', 'epochs for each strategy; default: 20000, or 100000 for a long sweep', whole)
    .option('--seed <number>', 'equal seeds give equal reports', whole, 1)
    .addOption(
      new Option('--sweep <size>', 'long adds stakes, prices, collusion, panels, and what lies outside the limits')
        .choices(['short', 'long'])
        .default('short'),
    )
    .option('--charts <folder>', 'write the charts of a long sweep there, as SVG')
    .option('--json', 'one JSON object on stdout instead of text')
    .addHelpText('after', simulateHelp)
    .action(async (flags: SimulateFlags) => {
      if (flags.charts !== undefined && flags.sweep !== 'long')
        throw new MarketError('config-invalid', 'charts are drawn from a long sweep', {
          details: { setting: 'charts', next: '--sweep long' },
        })
      const report = await simulate(io, flags)
      if (flags.charts !== undefined) await writeCharts(report, flags.charts)
      if (flags.json === true) io.out(JSON.stringify(report))
      else for (const line of describeSimulation(report)) io.out(line)
      if (report.rows.some(({ rule, profits }) => rule === 'ours' && profits)) setExit(exitCodes.incomplete)
    })
}

async function simulate(io: Io, flags: SimulateFlags): Promise<SimulationReport> {
  const chosen = await Promise.all(flags.strategy.map(findStrategy))
  const show = (text: string): void => {
    if (flags.json === true) return
    if (io.isTerminal) io.redraw(text)
    else if (text !== '') io.err(text)
  }
  try {
    return await runSimulation(
      {
        strategies: chosen.length > 0 ? chosen : Object.values(strategies),
        rules: flags.rule === undefined ? ruleNames : [flags.rule],
        sweep: flags.sweep,
        // The market does not depend on the strategy: whoever asks for one has no need of it.
        market: chosen.length === 0,
        epochs: flags.epochs ?? epochsOf[flags.sweep],
        seed: flags.seed,
        pause: async () => {
          await setImmediate()
          io.signal.throwIfAborted()
        },
      },
      show,
    )
  } finally {
    show('')
  }
}

const known: ReadonlyMap<string, Strategy> = new Map(Object.entries(strategies))

async function findStrategy(nameOrFile: string): Promise<Strategy> {
  const villain = known.get(nameOrFile)
  if (villain !== undefined) return villain
  const problem = (message: string, cause?: unknown): MarketError =>
    new MarketError('strategy-invalid', message, {
      details: { strategy: nameOrFile, known: [...known.keys()].join(' ') },
      ...(cause !== undefined && { cause }),
    })
  if (!/[./\\]/.test(nameOrFile)) throw problem('there is no villain of this name')
  let module: unknown
  try {
    module = await loadUserModule(nameOrFile)
  } catch (error) {
    throw problem(`the file cannot be loaded: ${toMarketError(error).message}`, error)
  }
  return parseStrategy(module)
}

async function writeCharts({ sweeps = [] }: SimulationReport, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const sweep of sweeps) await writeFile(join(folder, `${sweep.name}.svg`), drawChart(sweep))
}

const add = (value: string, before: readonly string[]): readonly string[] => [...before, value]

function whole(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 1) return number
  throw new InvalidArgumentError('a whole number from 1 on is needed.')
}

const simulateHelp = `
Examples:
  assay simulate
  assay simulate --strategy junk --strategy ./my-strategy.ts --rule ours
  assay simulate --sweep long --charts docs/charts

A gain counts when it is more than three standard errors above nothing. Exit status: 0 nobody gains under our rules,
1 somebody does. What a strategy file exports is in docs/economics.md.
`
