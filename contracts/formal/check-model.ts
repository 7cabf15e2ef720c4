/**
 * solc's model checker (constrained Horn clauses) over a small contract, with the system's z3 as its solver. The solver
 * built into solc-js needs threads that it does not have, so the queries are answered by a callback.
 */
import { spawnSync } from 'node:child_process'

import { type CompilerMessage, loadCompiler } from '../scripts/lib/load-compiler.ts'

/** One assertion of a model. */
export interface Checked {
  /** The function that it stands in. */
  readonly in: string
  readonly assertion: string
  /** `undecided`: the solver gave up, which proves nothing. */
  readonly result: 'proved' | 'refuted' | 'undecided'
}

/** For one question to the solver. Each takes less than a second; this is for machines that do ten things at once. */
const SOLVER_DEADLINE_SECONDS = 60

/** What solc's own callback passes to z3, for Horn clauses. */
const SOLVER_OPTIONS = [
  'rewriter.pull_cheap_ite=true',
  'fp.spacer.q3.use_qgen=true',
  'fp.spacer.mbqi=false',
  'fp.spacer.ground_pobs=false',
]

/** With the comments above it, as prettier lays it out. */
const EXTERNAL_FUNCTION = /\n(?: {4}\/\/\/[^\n]*\n)* {4}function (\w+)\([^{]*?\bexternal\b[^{]*\{.*?\n {4}\}\n/gs

/** Why there is no answer from z3 on this machine, or undefined if there is. */
export function missingSolver(): string | undefined {
  const { status } = spawnSync('z3', ['--version'])
  return status === 0 ? undefined : 'z3 is not installed: ./scripts/setup, or apt-get install z3'
}

/** Checks every assertion of a source. Throws if it does not compile or holds no assertion. */
export function checkModel(source: string): Checked[] {
  const output = loadCompiler()(
    {
      language: 'Solidity',
      sources: { 'Model.sol': { content: source } },
      settings: {
        modelChecker: {
          engine: 'chc',
          solvers: ['smtlib2'],
          targets: ['assert'],
          showProvedSafe: true,
          showUnproved: true,
        },
        outputSelection: { '*': { '*': [] } },
      },
    },
    { smtSolver: askSolver },
  )
  const messages = output.errors ?? []
  const error = messages.find(({ severity }) => severity === 'error')
  if (error !== undefined) throw new Error(error.formattedMessage)
  const bytes = Buffer.from(source)
  const checked = messages.flatMap((message) => toChecked(message, bytes))
  if (checked.length === 0) throw new Error('the model holds no assertion')
  return checked
}

/** The names of the functions that others can call, in order. */
export function listFunctions(source: string): string[] {
  return [...source.matchAll(EXTERNAL_FUNCTION)].map(([, name = '']) => name)
}

/** The model without the functions that others can call, but for one: smaller questions are answered sooner. */
export function keepFunction(source: string, name: string): string {
  return source.replaceAll(EXTERNAL_FUNCTION, (text, found) => (found === name ? text : ''))
}

function askSolver(query: string): { contents: string } | { error: string } {
  const { stdout, error } = spawnSync('z3', ['-in', `-T:${SOLVER_DEADLINE_SECONDS}`, ...SOLVER_OPTIONS], {
    input: query,
    encoding: 'utf8',
    timeout: (SOLVER_DEADLINE_SECONDS + 10) * 1000,
  })
  return error === undefined ? { contents: stdout } : { error: error.message }
}

function toChecked({ message, sourceLocation }: CompilerMessage, source: Buffer): Checked[] {
  const result = /^CHC: Assertion violation (check is safe|happens here|might happen here)/.exec(message)?.[1]
  if (result === undefined || sourceLocation === undefined) return []
  const { start, end } = sourceLocation
  const above = [
    ...source
      .subarray(0, start)
      .toString()
      .matchAll(/\bfunction (\w+)/g),
  ]
  return [
    {
      in: above.at(-1)?.[1] ?? '',
      assertion: source.subarray(start, end).toString(),
      result: result === 'check is safe' ? 'proved' : result === 'happens here' ? 'refuted' : 'undecided',
    },
  ]
}
