/** The groups of tests of this repository, and how one group is run and counted. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, NO_TESTS, countAll, parseCounts } from './counts.ts'
import { runCommand } from './run-command.ts'

export interface TestStage {
  readonly name: string
  /** Files for node:test; a stage without any is run by `npm test` of the contracts workspace. */
  readonly files?: readonly string[]
  /** Test files at once. Tests against real parts compete for two cores, so they get few. */
  readonly concurrency?: number
  /** For one test. Generous: a deadline here catches hangs, never slowness. */
  readonly testSeconds: number
  readonly stageSeconds: number
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
    testSeconds: 60,
    stageSeconds: 300,
  },
  tidy: { name: 'tidy', files: ['test/tidy/**/*.test.ts'], testSeconds: 60, stageSeconds: 300 },
  contracts: { name: 'contracts', testSeconds: 300, stageSeconds: 900 },
  integration: {
    name: 'integration',
    files: ['packages/*/test/**/*.itest.ts', 'services/*/test/**/*.itest.ts'],
    concurrency: 2,
    testSeconds: 300,
    stageSeconds: 1200,
  },
  sim: { name: 'sim', files: ['test/sim/**/*.{test,itest}.ts'], concurrency: 2, testSeconds: 300, stageSeconds: 900 },
  e2e: { name: 'e2e', files: ['test/e2e/**/*.{test,itest}.ts'], concurrency: 1, testSeconds: 600, stageSeconds: 1800 },
}

/** Runs one stage to its end. A stage that breaks down, or that holds no test, counts as one failure at least. */
export async function runTestStage(stage: TestStage, options: { live: boolean }): Promise<StageResult> {
  const { files, name } = stage
  const run = files === undefined ? await runContractTests(stage, options) : await runNodeTests(stage, files, options)
  const { counts, exitCode, output, seconds } = run
  if (countAll(counts) === 0) return failOnce(name, 'ran no tests', { output, seconds })
  if (exitCode !== 0 && counts.failed === 0) {
    return failOnce(name, `ended with code ${exitCode}`, { output, seconds, counts })
  }
  return { name, counts, output, seconds }
}

interface Run {
  readonly counts: Counts
  readonly exitCode: number
  readonly output: string
  readonly seconds: number
}

async function runNodeTests(stage: TestStage, files: readonly string[], options: { live: boolean }): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-counts-'))
  const countsFile = join(folder, 'counts.json')
  const args = [
    '--test',
    `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`,
    `--test-timeout=${stage.testSeconds * 1000}`,
    ...(stage.concurrency === undefined ? [] : [`--test-concurrency=${stage.concurrency}`]),
    ...files,
  ]
  const env = { ASSAY_TEST_COUNTS: countsFile }
  const result = await runCommand(process.execPath, args, { ...options, env, deadlineSeconds: stage.stageSeconds })
  // No file: the run was ended before its totals.
  const saved = await readFile(countsFile, 'utf8').catch(() => JSON.stringify(NO_TESTS))
  await rm(folder, { recursive: true })
  return { ...result, counts: readSavedCounts(saved) }
}

async function runContractTests(stage: TestStage, options: { live: boolean }): Promise<Run> {
  const result = await runCommand('npm', ['test', '-w', 'contracts'], {
    ...options,
    deadlineSeconds: stage.stageSeconds,
  })
  return { ...result, counts: parseCounts(result.output) }
}

function readSavedCounts(json: string): Counts {
  const saved: unknown = JSON.parse(json)
  const field = (name: string): number => {
    const value: unknown = typeof saved === 'object' && saved !== null ? Reflect.get(saved, name) : undefined
    if (typeof value !== 'number') throw new TypeError(`the reporter's totals lack "${name}"`)
    return value
  }
  return { passed: field('passed'), failed: field('failed'), skipped: field('skipped') }
}

function failOnce(
  name: string,
  problem: string,
  run: { output: string; seconds: number; counts?: Counts },
): StageResult {
  const counts = { ...(run.counts ?? NO_TESTS), failed: 1 }
  return { name, counts, output: run.output, seconds: run.seconds, problem: `${name} ${problem}` }
}
