/**
 * `npm run coverage -w contracts`: runs the tests over instrumented contracts, in a copy of the workspace, and fails unless
 * every statement of `src` and `src/libraries` was run. Instrumented code costs more gas: a test that measures gas may fail
 * here, which is noted and no more, because `npm test` decides about that.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { copyWorkspace } from './lib/copy-workspace.ts'
import { findGaps, readCoverage } from './lib/read-coverage.ts'

const CONTRACTS = resolve(import.meta.dirname, '..')
/** Which lines a fuzz test reaches does not depend on many runs; only what random input must find does. */
const MOST_RUNS = 32
/** They measure gas, make random calls, which are no proof that a line is tested, or run what does not see this copy. */
const LEFT_OUT = /(?:^|\/)(?:abi|coverage|deploy-script|differential|formal|gas|mutation)[^/]*\.test\.ts$/

const started = performance.now()
await using workspace = await copyWorkspace({ mostRuns: MOST_RUNS })
const files = globSync('test/**/*.{test.ts,t.sol}', { cwd: CONTRACTS }).filter((file) => !LEFT_OUT.test(file))
const output = await runHardhat(['test', '--coverage', ...files.toSorted()])
const lcov = await readFile(join(workspace.folder, 'coverage/lcov.info'), 'utf8').catch(() => '')
const coverage = readCoverage(lcov, output)
const required = globSync('src/{,libraries/}*.sol', { cwd: CONTRACTS }).filter(holdsCode).toSorted()
const gaps = findGaps(coverage, required)

if (lcov === '') process.stdout.write(output)
for (const [, failure = ''] of output.matchAll(/^ +\d+\) (.+\n +.+):$/gm)) {
  process.stdout.write(`failed over instrumented code: ${failure.replaceAll(/\s+/g, ' ')}\n`)
}
const seconds = ((performance.now() - started) / 1000).toFixed(0)
for (const gap of gaps) process.stdout.write(`NOT COVERED ${gap}\n`)
process.stdout.write(`coverage: ${required.length - gaps.length} of ${required.length} files in full (${seconds} s)\n`)
process.exitCode = gaps.length === 0 ? 0 : 1

/** A file of types and constants has no statement to run. */
function holdsCode(file: string): boolean {
  return /\b(?:function|constructor|modifier)\b[^;]*\{/.test(readFileSync(join(CONTRACTS, file), 'utf8'))
}

function runHardhat(args: readonly string[]): Promise<string> {
  const cli = join(CONTRACTS, '../node_modules/hardhat/dist/src/cli.js')
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: workspace.folder,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', fail)
    child.on('close', () => done(output))
  })
}
