/** `npm run check`: everything that needs neither Docker nor a chain, side by side, in well under a minute. */
import { availableParallelism } from 'node:os'
import { type Counts, NO_TESTS, addCounts, formatCounts } from './counts.ts'
import { forEachAtMost } from './for-each-at-most.ts'
import { formatSeconds, runCommand } from './run-command.ts'
import { type StageResult, TEST_STAGES, runTestStage } from './test-stages.ts'

type Step = { readonly name: string } & (
  { readonly command: readonly [string, ...string[]] } | { readonly stage: string }
)

/** Longest first, so that no long one is left over for the end. */
const STEPS: readonly Step[] = [
  { name: 'unit tests', stage: 'unit' },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'unused code', command: ['knip', '--no-progress', '--no-config-hints'] },
  {
    name: 'format',
    command: ['prettier', '--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.'],
  },
  { name: 'contract lint', command: ['solhint', '--max-warnings', '0', 'contracts/src/**/*.sol'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'tidy', stage: 'tidy' },
]

/**
 * Runs all steps, prints one line for each as it ends and the output of those that fail. A failing step without tests
 * of its own counts as one failure.
 */
export async function runChecks(): Promise<Counts> {
  let total = NO_TESTS
  await forEachAtMost(STEPS, Math.max(2, availableParallelism()), async (step) => {
    const result = await runStep(step)
    total = addCounts(total, result.counts)
    printResult(result)
  })
  return total
}

async function runStep(step: Step): Promise<StageResult> {
  if ('stage' in step) {
    const stage = TEST_STAGES[step.stage]
    if (stage === undefined) throw new Error(`no test stage "${step.stage}"`)
    return { ...(await runTestStage(stage, { live: false })), name: step.name }
  }
  const [command, ...args] = step.command
  const { exitCode, output, seconds } = await runCommand(command, args)
  return { name: step.name, counts: exitCode === 0 ? NO_TESTS : { ...NO_TESTS, failed: 1 }, output, seconds }
}

function printResult({ name, counts, output, seconds, problem = '' }: StageResult): void {
  const failed = counts.failed > 0
  const tests = counts.passed > 0 ? formatCounts(counts) : ''
  console.log(
    `  ${failed ? 'FAIL' : 'ok  '} ${name.padEnd(14)} ${formatSeconds(seconds).padStart(7)}  ${tests}`.trimEnd(),
  )
  if (failed) console.log(`${output.trimEnd()}\n${problem}`.trim().replaceAll(/^/gm, '       '))
}
