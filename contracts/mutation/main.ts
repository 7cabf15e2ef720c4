/**
 * `npm run mutate -w contracts -- [--contract NAME] [--sample N] [--seed S] [--json FILE] [--learn]`: changes the contracts
 * one place at a time and runs their tests. Fails if a change survives that `accepted.json` gives no reason for, or if that
 * list names a change that cannot be made any more. `--learn` writes `killers.json`, which makes later runs faster.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { findStale, parseAccepted } from './accepted.ts'
import { openCompiler } from './compile-mutant.ts'
import { type Judgement, openJudge } from './judge-mutants.ts'
import { type Mutant, describeMutant, listMutants } from './list-mutants.ts'
import { MOST_WORKERS } from './mutation-limits.ts'
import { type Outcome, formatProblems, formatTable, toReport, unexplained } from './report.ts'
import { shuffle } from './shuffle.ts'
import { parseKills } from './test-order.ts'

const CONTRACTS = resolve(import.meta.dirname, '..')
const KILLERS = join(import.meta.dirname, 'killers.json')
const REPORT = join(CONTRACTS, 'cache/mutation-report.json')
const EXIT_INTERRUPTED = 130
const started = performance.now()

const { values } = parseArgs({
  options: {
    contract: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string', default: REPORT },
    learn: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

// Leaving by `exit` removes the copies and ends the tests.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT_INTERRUPTED))

const sources = readSources()
const compiler = openCompiler()
const all = listMutants(withoutInterfaces(), compiler.compile)
const accepted = parseAccepted(readFileSync(join(import.meta.dirname, 'accepted.json'), 'utf8'))
const acceptedKeys = new Set(accepted.flatMap(({ mutants }) => mutants))
const chosen = all.filter(({ file }) => values.contract === undefined || basename(file, '.sol') === values.contract)
if (chosen.length === 0) throw new Error(`nothing to change in ${values.contract ?? 'src'}`)

const remembered = parseKills(readFileSync(KILLERS, 'utf8'))
await using judge = await openJudge(compiler, sources, { workers: MOST_WORKERS, remembered })
say(`${chosen.length} mutants of ${all.length} (${seconds()} s)`)
const judgements = values.sample === undefined ? await judgeAll(chosen) : await judgeSample(Number(values.sample))
const outcome: Outcome = { mutants: all, judgements, accepted: acceptedKeys, stale: findStale(accepted, all) }

writeFileSync(values.json, JSON.stringify(toReport(outcome), undefined, 2))
for (const test of judge.leftOut()) say(`left out, because it fails without a mutant: ${test}`)
say(formatTable(outcome))
say(formatProblems(outcome))
if (values.learn) writeFileSync(KILLERS, `${JSON.stringify(judge.kills(), undefined, 2)}\n`)
const failed = unexplained(outcome).length + outcome.stale.length
say(`${judgements.length} judged in ${seconds()} s; ${failed} to look at; everything in ${values.json}`)
process.exitCode = failed === 0 ? 0 : 1

async function judgeAll(mutants: readonly Mutant[]): Promise<Judgement[]> {
  const waiting = mutants.values()
  return judgeFrom(waiting, () => false)
}

/** A sample is of mutants that run: what does not compile or changes nothing is passed over, and so is what is accepted. */
async function judgeSample(size: number): Promise<Judgement[]> {
  const drawn = shuffle(chosen, values.seed).filter(({ key }) => !acceptedKeys.has(key))
  return judgeFrom(drawn.values(), (done) => done.filter(ranTests).length >= size)
}

async function judgeFrom(
  waiting: Iterable<Mutant>,
  isEnough: (done: readonly Judgement[]) => boolean,
): Promise<Judgement[]> {
  const done: Judgement[] = []
  const worker = async (): Promise<void> => {
    for (const mutant of waiting) {
      if (isEnough(done)) return
      const judgement = await judge.judge(mutant)
      done.push(judgement)
      if (judgement.verdict === 'survived' && !acceptedKeys.has(mutant.key)) say(`SURVIVED ${describeMutant(mutant)}`)
      if (done.length % 50 === 0) say(`  ${done.length} of ${chosen.length} (${seconds()} s)`)
    }
  }
  await Promise.all(Array.from({ length: MOST_WORKERS }, worker))
  return done.toSorted((a, b) => all.indexOf(a.mutant) - all.indexOf(b.mutant))
}

function ranTests({ verdict }: Judgement): boolean {
  return verdict !== 'invalid' && verdict !== 'equal'
}

/** All Solidity of the project, by its name below `contracts`. */
function readSources(): Map<string, string> {
  const files = globSync('src/**/*.sol', { cwd: CONTRACTS }).toSorted()
  return new Map(files.map((file) => [file, readFileSync(join(CONTRACTS, file), 'utf8')]))
}

/** What holds code of the product. */
function withoutInterfaces(): Map<string, string> {
  return new Map([...sources].filter(([file]) => /^src\/(libraries\/)?[^/]+\.sol$/.test(file)))
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(0)
}
