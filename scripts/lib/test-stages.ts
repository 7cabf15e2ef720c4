/** The groups of tests of this repository, and how one group is run and counted. */
import { type Counts, NO_TESTS, countAll, parseCounts } from './counts.ts'
import { type NodeTestOptions, type TestRun, runNodeTests } from './node-tests.ts'
import { runCommand } from './run-command.ts'

export interface TestStage {
  readonly name: string
  /** Files for node:test, */
  readonly files?: readonly string[]
  /** or a script of the contracts workspace with its arguments. */
  readonly script?: readonly string[]
  /** The script proves one thing and prints no summary of tests: its exit code is the one test. */
  readonly isOneTest?: boolean
  /** Groups of files at once. Tests against real parts compete for two cores, so they get few. */
  readonly concurrency?: number
  readonly together?: NodeTestOptions['together']
  /** For one test. Generous: a deadline here catches hangs, never slowness. */
  readonly testSeconds: number
  /** For the files that run together. */
  readonly groupSeconds: number
}

export interface StageResult {
  readonly name: string
  readonly counts: Counts
  readonly output: string
  readonly seconds: number
  /** What is wrong with the run as a whole, where no single test says it. */
  readonly problem?: string
}

export const TEST_STAGES: Readonly<Record<string, TestStage>> = {
  unit: {
    name: 'unit',
    files: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
    together: 'package',
    testSeconds: 60,
    groupSeconds: 300,
  },
  tidy: {
    name: 'tidy',
    files: ['test/tidy/**/*.test.ts'],
    together: 'package',
    testSeconds: 60,
    groupSeconds: 300,
  },
  contracts: { name: 'contracts', script: ['test'], testSeconds: 1500, groupSeconds: 3000 },
  coverage: { name: 'coverage', script: ['coverage'], isOneTest: true, testSeconds: 1500, groupSeconds: 1500 },
  mutation: {
    name: 'mutation',
    script: ['mutate', '--sample', '8', '--seed', '3'],
    isOneTest: true,
    testSeconds: 900,
    groupSeconds: 900,
  },
  integration: {
    name: 'integration',
    files: ['packages/*/test/**/*.itest.ts', 'services/*/test/**/*.itest.ts'],
    concurrency: 2,
    testSeconds: 300,
    groupSeconds: 600,
  },
  sim: { name: 'sim', files: ['test/sim/**/*.{test,itest}.ts'], concurrency: 2, testSeconds: 300, groupSeconds: 600 },
  e2e: { name: 'e2e', files: ['test/e2e/**/*.{test,itest}.ts'], testSeconds: 600, groupSeconds: 900 },
}

/** Runs one stage to its end. A stage that breaks down, or that holds no test, counts as one failure at least. */
export async function runTestStage(stage: TestStage, { live }: { live: boolean }): Promise<StageResult> {
  const { files, name } = stage
  const options: NodeTestOptions = {
    live,
    concurrency: stage.concurrency ?? 1,
    together: stage.together ?? 'file',
    testSeconds: stage.testSeconds,
    groupSeconds: stage.groupSeconds,
  }
  const { counts, exitCode, output, seconds } =
    files === undefined ? await runContractScript(stage, options) : await runNodeTests(files, options)
  const result = { name, counts, output, seconds }
  if (countAll(counts) === 0) return { ...result, counts: { ...NO_TESTS, failed: 1 }, problem: `${name} ran no tests` }
  if (exitCode === 0 || counts.failed > 0) return result
  return { ...result, counts: { ...counts, failed: 1 }, problem: `${name} ended with code ${exitCode}` }
}

async function runContractScript(stage: TestStage, { live, groupSeconds }: NodeTestOptions): Promise<TestRun> {
  const [script = 'test', ...args] = stage.script ?? []
  const command = ['run', script, '-w', 'contracts', '--', ...args]
  const result = await runCommand('npm', command, { live, deadlineSeconds: groupSeconds })
  if (stage.isOneTest !== true) return { ...result, counts: parseCounts(result.output) }
  return { ...result, counts: result.exitCode === 0 ? { ...NO_TESTS, passed: 1 } : { ...NO_TESTS, failed: 1 } }
}
