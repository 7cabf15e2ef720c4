/** `npm run bench -- NAME [--json]`: runs one benchmark and prints every figure beside its baseline of the same run. */
import { runGas } from './gas.ts'
import { runLatency } from './latency.ts'
import { runVerdict } from './verdict.ts'

/** One measured figure. `baseline` is in the same unit and from the same run; `ratio` is what can be compared across machines. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly baseline: number
  readonly ratio: number
  /** Largest ratio, or largest value, that is wanted; none when the figure is for information. */
  readonly goal: number | undefined
  readonly goalOf: 'ratio' | 'value'
  readonly met: boolean
}
/** Runs a benchmark; `note` takes progress. */
export type Benchmark = (note: (line: string) => void) => Promise<readonly Figure[]>

const benchmarks: Readonly<Record<string, Benchmark>> = { gas: runGas, latency: runLatency, verdict: runVerdict }

const [name, ...flags] = process.argv.slice(2)
const benchmark = name === undefined ? undefined : benchmarks[name]
if (name === undefined || benchmark === undefined) {
  console.error(`usage: npm run bench -- NAME [--json]\n  NAME: ${Object.keys(benchmarks).join(', ')}`)
  process.exitCode = 2
} else {
  const figures = await benchmark((line) => console.error(line))
  if (flags.includes('--json')) console.log(JSON.stringify({ name, figures }))
  else for (const figure of figures) console.log(describe(figure))
}

function describe({ name: title, value, unit, baseline, ratio, goal, goalOf, met }: Figure): string {
  const figure = `${title.padEnd(92)} ${value.toFixed(0).padStart(9)} ${unit}  ÷ ${baseline.toFixed(0)} = ${ratio.toFixed(3)}`
  return goal === undefined ? figure : `${figure}  (${goalOf} ≤ ${goal}: ${met ? 'met' : 'missed'})`
}
