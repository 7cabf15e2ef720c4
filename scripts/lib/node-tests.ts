/** Running test files with node:test and reading what they came to. */
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, NO_TESTS, addCounts, formatCounts } from './counts.ts'
import { type CommandResult, formatSeconds, runCommand } from './run-command.ts'

export interface TestRun extends CommandResult {
  readonly counts: Counts
}

export interface NodeTestOptions {
  readonly live: boolean
  /** Test files at once, each in a process of its own. */
  readonly concurrency: number
  /**
   * One process for all the files of a package, one package after the other: a quarter of the time where most of it goes
   * into starting processes and loading the same modules. Only for tests that touch nothing outside their file.
   */
  readonly byPackage: boolean
  /** For one test. */
  readonly testSeconds: number
  /** For all of them together. */
  readonly deadlineSeconds: number
}

/** Patterns that match nothing give a run without tests, which callers treat as a failure. */
export async function runNodeTests(patterns: readonly string[], options: NodeTestOptions): Promise<TestRun> {
  const files = globSync([...patterns]).toSorted()
  const groups = options.byPackage ? [...Map.groupBy(files, packageFolder)] : [['', files] as const]
  let total: TestRun = { counts: NO_TESTS, exitCode: 0, output: '', seconds: 0 }
  for (const [folder, members] of groups) {
    if (members.length === 0) continue
    const deadlineSeconds = Math.max(1, options.deadlineSeconds - total.seconds)
    const run = await runGroup(members, { ...options, deadlineSeconds })
    const line = options.byPackage ? describeGroup(folder, run) : ''
    if (options.live) process.stdout.write(line)
    total = {
      counts: addCounts(total.counts, run.counts),
      exitCode: Math.max(total.exitCode, run.exitCode),
      output: total.output + run.output + line,
      seconds: total.seconds + run.seconds,
    }
  }
  return total
}

/** `packages/core`, `services/provider`, `scripts/lib`. */
function packageFolder(file: string): string {
  return file.split(/[/\\]/).slice(0, 2).join('/')
}

async function runGroup(files: readonly string[], options: NodeTestOptions): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-counts-'))
  const countsFile = join(folder, 'counts.json')
  const args = [
    '--test',
    `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`,
    `--test-timeout=${options.testSeconds * 1000}`,
    options.byPackage ? '--test-isolation=none' : `--test-concurrency=${options.concurrency}`,
    ...files,
  ]
  const { live, deadlineSeconds } = options
  const run = await runCommand(process.execPath, args, {
    live,
    deadlineSeconds,
    env: { ASSAY_TEST_COUNTS: countsFile },
  })
  // No file: the run broke down before its totals.
  const saved = await readFile(countsFile, 'utf8').catch(() => undefined)
  await rm(folder, { recursive: true })
  const counts = saved === undefined ? NO_TESTS : parseSavedCounts(saved)
  // What broke is not among the tests: say so by one failure.
  return { ...run, counts: run.exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts }
}

function describeGroup(folder: string, { counts, seconds }: TestRun): string {
  return `  ${counts.failed === 0 ? 'ok  ' : 'FAIL'} ${folder} (${formatCounts(counts)}, ${formatSeconds(seconds)})\n`
}

function parseSavedCounts(json: string): Counts {
  const saved: unknown = JSON.parse(json)
  const field = (name: string): number => {
    const value: unknown = typeof saved === 'object' && saved !== null ? Reflect.get(saved, name) : undefined
    if (typeof value !== 'number') throw new TypeError(`the reporter's totals lack "${name}"`)
    return value
  }
  return { passed: field('passed'), failed: field('failed'), skipped: field('skipped') }
}
