/** The tests that mutants have to survive, and how they are run over one. */
import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { MOST_MEMORY_KIB, SOLIDITY_DEADLINE_MS, SUITE_DEADLINE_MS } from './mutation-limits.ts'

/** Test files that say nothing about a mutant, and why. */
const NOT_IN_SUITE: Readonly<Record<string, string>> = {
  'abi.test.ts': 'compares generated files',
  'coverage.test.ts': 'tests a tool',
  'deploy-script.test.ts': 'starts processes that do not see the mutant',
  'formal.test.ts': 'proves a model, not this code',
  'gas.test.ts': 'measures what the full optimizer makes',
  'mutation.test.ts': 'tests this tool',
}

/**
 * Test files that need code which Hardhat built: they read error names that its chain takes from its own build records.
 * They run when the others have not killed a mutant.
 */
const ON_REAL_BUILD: ReadonlySet<string> = new Set(['deploy.test.ts', 'ignition.test.ts'])

/** Tests that are about the tests. */
const NEVER_RUN: readonly string[] = ['would be found apart if']

/** A mutant that this many random sequences leave alone would need luck to be killed by more. */
const SMALLER = { ASSAY_DIFFERENTIAL_SEQUENCES: '200' }

export interface FailedTest {
  /** Its file, without folders. */
  readonly file: string
  readonly name: string
}

/** What is run: files in this order, without the tests of these names. */
export interface Suite {
  readonly files: readonly string[]
  readonly without: readonly string[]
}

export type SuiteResult =
  | { readonly kind: 'ran'; readonly passed: number; readonly failures: readonly FailedTest[] }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'crashed'; readonly output: string }

export interface TestFiles {
  /** Run over artifacts with a mutant's code put into them. */
  readonly quick: readonly string[]
  /** Run after Hardhat has built the mutated source, beside the Solidity tests. */
  readonly built: readonly string[]
}

/** The test files of a copied workspace, by name. */
export function listTestFiles(folder: string): TestFiles {
  const files = readdirSync(join(folder, 'test'))
    .filter((name) => name.endsWith('.test.ts') && !(name in NOT_IN_SUITE))
    .toSorted()
  return {
    quick: files.filter((name) => !ON_REAL_BUILD.has(name)),
    built: files.filter((name) => ON_REAL_BUILD.has(name)),
  }
}

/** Runs test files in the given order in one process, which the first failure ends unless `all` are wanted. */
export async function runSuite(folder: string, { files, without }: Suite, all = false): Promise<SuiteResult> {
  const { reporter, entry } = writeRunner(folder, files)
  const args = [
    `--test-reporter=${reporter}`,
    ...NEVER_RUN.map((words) => `--test-skip-pattern=${words}`),
    ...without.map((name) => `--test-skip-pattern=${name.replaceAll(/[^\w ]/g, '.')}$`),
    entry,
  ]
  const run = await runProcess(folder, args, SUITE_DEADLINE_MS, { ...SMALLER, ...(all && { ASSAY_ALL_FAILURES: '1' }) })
  if (run.timedOut) return { kind: 'timeout' }
  return parseResult(run.output) ?? { kind: 'crashed', output: run.output }
}

/** Node's own runner neither keeps an order nor stops: a module that imports the files one after the other does both. */
function writeRunner(folder: string, files: readonly string[]): { readonly reporter: string; readonly entry: string } {
  const reporter = join(folder, 'mutation-reporter.mjs')
  const entry = join(folder, 'mutation-suite.mjs')
  const module = JSON.stringify(import.meta.resolve('./stop-at-first-failure.ts'))
  writeFileSync(reporter, `export { stopAtFirstFailure as default } from ${module}\n`)
  writeFileSync(entry, files.map((name) => `await import('./test/${name}')\n`).join(''))
  return { reporter, entry }
}

/** Builds a copied workspace, then runs its Solidity tests (fuzz and invariants) and the given test files. */
export async function runBuiltSuite(folder: string, suite: Suite, all = false): Promise<SuiteResult> {
  const solidity = await runSolidityTests(folder)
  if (solidity.kind !== 'ran' || solidity.failures.length > 0 || suite.files.length === 0) return solidity
  const rest = await runSuite(folder, suite, all)
  return rest.kind === 'ran' ? { ...rest, passed: rest.passed + solidity.passed } : rest
}

async function runSolidityTests(folder: string): Promise<SuiteResult> {
  const hardhat = join(folder, '../node_modules/hardhat/dist/src/cli.js')
  const run = await runProcess(folder, [hardhat, 'test', 'solidity'], SOLIDITY_DEADLINE_MS)
  if (run.timedOut) return { kind: 'timeout' }
  const passed = Number(/^\s*(\d+) passing/m.exec(run.output)?.[1] ?? 0)
  if (run.exitCode === 0 && passed > 0) return { kind: 'ran', passed, failures: [] }
  const name = /^\s*1\) (.+)$/m.exec(run.output)?.[1]?.trim()
  if (name !== undefined) return { kind: 'ran', passed, failures: [{ file: 'test/solidity', name }] }
  return { kind: 'crashed', output: run.output }
}

interface ProcessResult {
  readonly exitCode: number
  readonly output: string
  readonly timedOut: boolean
}

function runProcess(
  folder: string,
  args: readonly string[],
  deadlineMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...more, NODE_COMPILE_CACHE: join(folder, '../.compiled'), NO_COLOR: '1' }
    // A mutant may loop and allocate: the shell bounds what the tests can take, then becomes them.
    const bounded = ['-c', `ulimit -d ${MOST_MEMORY_KIB}; exec "$@"`, 'sh', process.execPath, ...args]
    const child = spawn('/bin/sh', bounded, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let timedOut = false
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const killNow = (): void => void child.kill('SIGKILL')
    // Before the copies are removed: what still writes would leave something behind.
    process.prependOnceListener('exit', killNow)
    const deadline = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, deadlineMs)
    child.on('error', (error) => {
      clearTimeout(deadline)
      reject(error)
    })
    child.on('close', (code) => {
      clearTimeout(deadline)
      process.off('exit', killNow)
      resolve({ exitCode: code ?? 128, output, timedOut })
    })
  })
}

/** The last line that is JSON; tests may print before it. Undefined if the run broke down before. */
function parseResult(output: string): SuiteResult | undefined {
  const line = output.split('\n').findLast((text) => text.startsWith('{"passed"'))
  if (line === undefined) return undefined
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null || !('passed' in value) || !('failures' in value)) return undefined
  const { passed, failures } = value
  if (typeof passed !== 'number' || !Array.isArray(failures) || !failures.every(isFailedTest)) return undefined
  if (passed === 0 && failures.length === 0) return undefined
  return { kind: 'ran', passed, failures: failures.map(({ file, name }) => ({ file: basename(file), name })) }
}

function isFailedTest(value: unknown): value is FailedTest {
  if (typeof value !== 'object' || value === null || !('file' in value) || !('name' in value)) return false
  return typeof value.file === 'string' && typeof value.name === 'string'
}
