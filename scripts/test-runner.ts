/**
 * `./scripts/test` after set-up: every stage in order, a line for each with its time, then the totals of the last run in
 * node:test's own form and one closing line over all of them. Exit code 1 when anything failed or a stage held no test.
 */
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { runChecks } from './lib/check-steps.ts'
import { type Counts, NO_TESTS, addCounts, formatCounts, formatTotals } from './lib/counts.ts'
import { formatSeconds } from './lib/run-command.ts'
import { TEST_STAGES, runTestStage } from './lib/test-stages.ts'

/** Unit tests and tidy run inside `check`. */
const WHOLE_RUN = ['check', 'contracts', 'coverage', 'mutation', 'integration', 'sim', 'e2e']
const EXIT_USAGE = 64

async function runStage(name: string): Promise<Counts> {
  const stage = TEST_STAGES[name]
  if (stage === undefined) {
    const counts = await runChecks()
    console.log(formatTotals(counts).trimEnd())
    return counts
  }
  const { counts, problem } = await runTestStage(stage, { live: true })
  if (problem !== undefined) console.log(`  FAIL ${problem}`)
  return counts
}

async function runStages(names: readonly string[]): Promise<number> {
  let total = NO_TESTS
  for (const name of names) {
    console.log(`== ${name}`)
    const started = performance.now()
    const counts = await runStage(name)
    total = addCounts(total, counts)
    console.log(`== ${name}: ${formatCounts(counts)} in ${formatSeconds((performance.now() - started) / 1000)}\n`)
  }
  console.log(formatCounts(total))
  return total.failed
}

process.chdir(join(import.meta.dirname, '..'))
process.env['PATH'] = [join(process.cwd(), 'node_modules/.bin'), process.env['PATH']].join(delimiter)
const { values } = parseArgs({ options: { only: { type: 'string' } } })
const known = ['check', ...Object.keys(TEST_STAGES)]
if (values.only !== undefined && !known.includes(values.only)) {
  console.error(`--only takes one of: ${known.join(', ')}`)
  process.exitCode = EXIT_USAGE
} else {
  process.exitCode = (await runStages(values.only === undefined ? WHOLE_RUN : [values.only])) === 0 ? 0 : 1
}
