/** Running test files with node:test and reading what they came to. */
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Counts, NO_TESTS, addCounts, formatCounts, formatTotals } from './counts.ts'
import { forEachAtMost } from './for-each-at-most.ts'
import { type CommandResult, formatSeconds, runCommand } from './run-command.ts'

export interface TestRun extends CommandResult {
  readonly counts: Counts
}

export interface NodeTestOptions {
  /** Show what each group came to as it ends. */
  readonly live: boolean
  /**
   * Which files share a run. `package`: one process for all files of a folder, a quarter of the time where most of it goes
   * into starting processes and loading the same modules; only for tests that touch nothing outside their file.
   * `file`: each alone, so that one that hangs takes nothing with it.
   */
  readonly together: 'package' | 'file'
  /** Groups at once. */
  readonly concurrency: number
  /** For one test. */
  readonly testSeconds: number
  /** For one group. */
  readonly groupSeconds: number
}

/** Patterns that match nothing give a run without tests, which callers treat as a failure. */
export async function runNodeTests(patterns: readonly string[], options: NodeTestOptions): Promise<TestRun> {
  const started = performance.now()
  const files = globSync([...patterns]).toSorted()
  const groups = [...Map.groupBy(files, options.together === 'package' ? packageFolder : (file) => file)]
  let total = { counts: NO_TESTS, exitCode: 0, output: '' }
  const add = (run: Pick<TestRun, 'counts' | 'exitCode' | 'output'>): void => {
    if (options.live) process.stdout.write(run.output)
    total = {
      counts: addCounts(total.counts, run.counts),
      exitCode: Math.max(total.exitCode, run.exitCode),
      output: total.output + run.output,
    }
  }
  await forEachAtMost(groups, options.concurrency, async ([name, members]) =>
    add(await runGroup(name, members, options)),
  )
  add({ counts: NO_TESTS, exitCode: 0, output: formatTotals(total.counts) })
  return { ...total, seconds: (performance.now() - started) / 1000 }
}

/** `packages/core`, `services/provider`, `scripts/lib`. */
function packageFolder(file: string): string {
  return file.split(/[/\\]/).slice(0, 2).join('/')
}

async function runGroup(name: string, files: readonly string[], options: NodeTestOptions): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-counts-'))
  const countsFile = join(folder, 'counts.json')
  const args = [
    '--test',
    `--import=${pathToFileURL(join(import.meta.dirname, 'seed-properties.ts')).href}`,
    `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`,
    `--test-timeout=${options.testSeconds * 1000}`,
    `--test-isolation=${options.together === 'package' ? 'none' : 'process'}`,
    ...files,
  ]
  const env = { ASSAY_TEST_COUNTS: countsFile }
  const run = await runCommand(process.execPath, args, { deadlineSeconds: options.groupSeconds, env })
  // No file: the run broke down before its totals.
  const saved = await readFile(countsFile, 'utf8').catch(() => undefined)
  await rm(folder, { recursive: true })
  const ran = saved === undefined ? NO_TESTS : parseSavedCounts(saved)
  // What broke is not among the tests: say so by one failure.
  const counts = run.exitCode !== 0 && ran.failed === 0 ? { ...ran, failed: 1 } : ran
  const mark = counts.failed === 0 ? 'ok  ' : 'FAIL'
  const line = `  ${mark} ${name} (${formatCounts(counts)}, ${formatSeconds(run.seconds)})\n`
  return { ...run, counts, output: run.output + line }
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
