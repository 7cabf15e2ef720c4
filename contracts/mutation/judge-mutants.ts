/** Decides for each mutant whether the tests notice it. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { copyWorkspace } from '../scripts/lib/copy-workspace.ts'
import {
  type Build,
  type ContractCompiler,
  changedContracts,
  dependentsOf,
  writeArtifactCode,
} from './compile-mutant.ts'
import { type FailedTest, type SuiteResult, listTestFiles, runBuiltSuite, runSuite } from './kill-suite.ts'
import { type Mutant, type Sources, applyMutant } from './list-mutants.ts'
import { FUZZ_RUNS } from './mutation-limits.ts'
import { type Kills, type TestOrder, createTestOrder } from './test-order.ts'
import { type Seat, type Unchanged, createUnchanged } from './unchanged-code.ts'

/**
 * `invalid`: does not compile. `equal`: the same bytecode. `killed`: a test failed. `timeout`: the tests hung, which counts
 * as killed. `survived`: nothing noticed.
 */
export type Verdict = 'invalid' | 'equal' | 'killed' | 'timeout' | 'survived'

export interface Judgement {
  readonly mutant: Mutant
  readonly verdict: Verdict
  /** The test that failed first, for `killed`. */
  readonly by?: string
  readonly seconds: number
}

export interface Judge extends AsyncDisposable {
  /** Safe to call for several mutants at once, up to the number of workers. */
  readonly judge: (mutant: Mutant) => Promise<Judgement>
  /** Tests that failed on unchanged code and therefore killed nothing: they measure gas, and the optimizer is off. */
  readonly leftOut: () => readonly string[]
  /** Which test files killed what. */
  readonly kills: () => Kills
}

interface Bench {
  readonly compiler: ContractCompiler
  readonly sources: Sources
  readonly original: Build
  readonly unchanged: Unchanged
  readonly order: TestOrder
}

/** A real chain takes no more than 24 KiB of code: this is the least that the compiler can make. */
const SMALL_CODE = { enabled: true, runs: 1 }

export interface JudgeOptions {
  readonly workers: number
  /** Of an earlier run. */
  readonly remembered: Kills
}

/** Copies the workspace for every worker. */
export async function openJudge(compiler: ContractCompiler, sources: Sources, options: JudgeOptions): Promise<Judge> {
  const original = compiler.build(sources, [...sources.keys()], 'light')
  if (original === undefined) throw new Error('the contracts do not compile')
  await using stack = new AsyncDisposableStack()
  const seats: Seat[] = []
  for (let i = 0; i < options.workers; i += 1) {
    const quick = stack.use(await copyWorkspace()).folder
    const built = stack.use(await copyWorkspace({ optimizer: SMALL_CODE, mostRuns: FUZZ_RUNS })).folder
    for (const [name, contract] of original) writeArtifactCode(quick, name, contract)
    seats.push({ quick, built })
  }
  const files = listTestFiles(seats[0]?.quick ?? '')
  const unchanged = createUnchanged(files)
  const order = createTestOrder(seats[0]?.quick ?? '', files.quick, options.remembered)
  const judge = createJudge({ compiler, sources, original, unchanged, order }, seats)
  const owned = stack.move()
  return { judge, leftOut: unchanged.leftOut, kills: order.kills, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Two changes that lead to the same code share one run. */
function createJudge(bench: Bench, seats: readonly Seat[]): Judge['judge'] {
  const free = [...seats]
  const known = new Map<string, Promise<Pick<Judgement, 'verdict' | 'by'>>>()
  return async (mutant) => {
    const started = performance.now()
    const finish = (result: Pick<Judgement, 'verdict' | 'by'>): Judgement => {
      return { mutant, ...result, seconds: (performance.now() - started) / 1000 }
    }
    const { compiler, sources, original } = bench
    const mutated = new Map(sources).set(mutant.file, applyMutant(sources.get(mutant.file) ?? '', mutant))
    const files = dependentsOf(sources, mutant.file)
    const build = compiler.build(mutated, files, 'light')
    if (build === undefined) return finish({ verdict: 'invalid' })
    const changed = changedContracts(original, build)
    if (changed.length === 0) return finish({ verdict: 'equal' })

    const fingerprint = hashOf(build, changed)
    const earlier = known.get(fingerprint)
    if (earlier !== undefined) return finish(await earlier)
    const seat = free.pop()
    if (seat === undefined) throw new Error('more mutants at once than workers')
    const run = runTests(bench, seat, { mutant, mutated, build, changed }).finally(() => free.push(seat))
    known.set(fingerprint, run)
    return finish(await run)
  }
}

interface Candidate {
  readonly mutant: Mutant
  readonly mutated: Sources
  readonly build: Build
  readonly changed: readonly string[]
}

async function runTests(bench: Bench, seat: Seat, candidate: Candidate): Promise<Pick<Judgement, 'verdict' | 'by'>> {
  const { mutant, mutated, build, changed } = candidate
  const { unchanged, original } = bench
  const order = bench.order.orderFor(mutant)
  for (;;) {
    writeArtifacts(seat, build, changed)
    const suite = { files: order, without: unchanged.failing() }
    const result = await runSuite(seat.quick, suite).finally(() => writeArtifacts(seat, original, changed))
    const { failure, ...verdict } = toVerdict(result)
    // A test that fails without the mutant as well says nothing about it.
    if (failure !== undefined && (await unchanged.fails(seat, failure))) continue
    if (failure !== undefined) bench.order.noteKill(mutant, failure.file)
    if (verdict.verdict === 'survived') break
    if (failure === undefined) await unchanged.requireRun(seat, order)
    return verdict
  }
  if (isEqualWhenOptimized(bench, mutated, changed)) return { verdict: 'equal' }

  const suite = await unchanged.builtSuite(seat)
  const path = join(seat.built, mutant.file)
  const before = readFileSync(path, 'utf8')
  writeFileSync(path, mutated.get(mutant.file) ?? '')
  const { failure: _, ...verdict } = toVerdict(
    await runBuiltSuite(seat.built, suite).finally(() => writeFileSync(path, before)),
  )
  return verdict
}

function toVerdict(result: SuiteResult): Pick<Judgement, 'verdict' | 'by'> & { readonly failure?: FailedTest } {
  if (result.kind === 'timeout') return { verdict: 'timeout' }
  if (result.kind === 'crashed') return { verdict: 'killed', by: 'a crash of the test run' }
  const [failure] = result.failures
  if (failure === undefined) return { verdict: 'survived' }
  return { verdict: 'killed', by: `${failure.file}: ${failure.name}`, failure }
}

/** The optimizer sees that some changes change nothing. It is slow, so only survivors are asked. */
function isEqualWhenOptimized({ compiler, sources }: Bench, mutated: Sources, changed: readonly string[]): boolean {
  const files = [...new Set(changed.map((name) => name.split(':')[0] ?? ''))]
  const [before, after] = [sources, mutated].map((texts) => compiler.build(texts, files, 'project'))
  return before !== undefined && after !== undefined && changedContracts(before, after).length === 0
}

function writeArtifacts(seat: Seat, build: Build, names: readonly string[]): void {
  for (const name of names) {
    const contract = build.get(name)
    if (contract !== undefined) writeArtifactCode(seat.quick, name, contract)
  }
}

function hashOf(build: Build, names: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of names) hash.update(name).update(build.get(name)?.evm.bytecode.object ?? '')
  return hash.digest('hex')
}
