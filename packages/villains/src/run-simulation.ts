import { measureFalseSlash, type FalseSlash } from './economics/measure-false-slash.ts'
import { measureGrinding, type Grinding } from './economics/measure-grinding.ts'
import { measureOverhead, type Overhead } from './economics/measure-overhead.ts'
import { measureCatch } from './economics/measure-panels.ts'
import type { Effort, Measurement } from './economics/measure-strategy.ts'
import { referenceConditions } from './economics/conditions.ts'
import { createRules, type RuleName } from './economics/rules.ts'
import { searchStrategy } from './economics/search-strategy.ts'
import type { Estimate } from './economics/statistics.ts'
import type { Strategy } from './economics/strategy.ts'
import type { Sweep } from './economics/sweep.ts'
import { openQuestions } from './open-questions.ts'
import { runSweeps } from './run-sweeps.ts'

export interface SimulationOptions extends Effort {
  readonly strategies: readonly Strategy[]
  readonly rules: readonly RuleName[]
  /** `long` adds the open questions, the sweeps, and a million draws of each kind. */
  readonly sweep: 'short' | 'long'
  /** Whether the market itself is measured too: overhead, false slashes, catches, grinding. */
  readonly market: boolean
}

/** A strategy under a rule, with a word for people. */
export interface SimulationRow extends Measurement {
  readonly verdict: 'gains' | 'loses' | 'gains nothing'
}
export interface OpenQuestionRow {
  readonly name: string
  readonly question: string
  readonly asBuilt: SimulationRow
  /** The change that was tried, and what is left of the gain. */
  readonly remedy?: { readonly change: string; readonly row: SimulationRow }
}
export interface SimulationReport {
  readonly seed: number
  readonly epochs: number
  readonly rows: readonly SimulationRow[]
  readonly market?: {
    readonly overhead: Overhead
    readonly falseSlash: FalseSlash
    readonly caught: { readonly measured: Estimate; readonly expected: number }
    readonly grinding: readonly Grinding[]
  }
  readonly openQuestions?: readonly OpenQuestionRow[]
  readonly sweeps?: readonly Sweep[]
}

/** Plays everything that was asked for. Equal options give equal reports; `onStep` hears what is played next. */
export async function runSimulation(
  options: SimulationOptions,
  onStep: (text: string) => void,
): Promise<SimulationReport> {
  const { seed, epochs, sweep } = options
  const rows: SimulationRow[] = []
  for (const rule of options.rules)
    for (const strategy of options.strategies) {
      onStep(`${strategy.name} under ${rule}`)
      rows.push(toRow(await searchStrategy({ strategy, rule, search: 'grid' }, options)))
    }
  return {
    seed,
    epochs,
    rows,
    ...(options.market && { market: await measureMarket(options, onStep) }),
    ...(sweep === 'long' && {
      openQuestions: await askOpenQuestions(options, onStep),
      sweeps: await runSweeps(options, (name) => onStep(`sweep ${name}`)),
    }),
  }
}

async function measureMarket(options: SimulationOptions, onStep: (text: string) => void) {
  const { seed, epochs, sweep, pause } = options
  const shards = epochs * shardsAnEpoch
  onStep('overhead and false slashes')
  await pause?.()
  const overhead = measureOverhead({ seed, shards })
  await pause?.()
  const falseSlash = measureFalseSlash({ seed, shards: 10 * shards, bitFlip: 0.001 })
  await pause?.()
  const caught = measureCatch(referenceConditions.collusion, { seed, audits: shards })
  const ratePpm = createRules('ours', referenceConditions).rate(referenceConditions.stakeUsdc, Number.MAX_SAFE_INTEGER)
  const grinding: Grinding[] = []
  for (const ground of ['ids', 'seeds', 'timings'] as const) {
    onStep(`grinding ${ground}`)
    const tries = sweep === 'long' ? 1_000_000 : 10_000
    grinding.push(await measureGrinding(ground, { tries, seed, ratePpm, ...(pause !== undefined && { pause }) }))
  }
  return { overhead, falseSlash, caught, grinding }
}

async function askOpenQuestions(
  options: SimulationOptions,
  onStep: (text: string) => void,
): Promise<readonly OpenQuestionRow[]> {
  const rows: OpenQuestionRow[] = []
  for (const { name, question, strategy, parameters, conditions, rules, remedy, effort: times = 1 } of openQuestions) {
    onStep(`open question ${name}`)
    const asked = { strategy, parameters, rule: 'ours', search: 'best' } as const
    const effort = { ...options, epochs: options.epochs * times }
    const asBuilt = toRow(await searchStrategy({ ...asked, conditions, faults: rules ?? {} }, effort))
    if (remedy === undefined) {
      rows.push({ name, question, asBuilt })
      continue
    }
    const changed = {
      ...asked,
      parameters: remedy.parameters ?? parameters,
      conditions: { ...conditions, ...remedy.conditions },
      faults: remedy.rules ?? {},
    }
    rows.push({
      name,
      question,
      asBuilt,
      remedy: { change: remedy.change, row: toRow(await searchStrategy(changed, effort)) },
    })
  }
  return rows
}

/** A loss, like a gain, is one that chance does not explain. */
const toRow = (row: Measurement): SimulationRow => ({
  ...row,
  verdict: row.profits ? 'gains' : row.gainOverHonest < -3 * row.standardError ? 'loses' : 'gains nothing',
})

const shardsAnEpoch = 10
