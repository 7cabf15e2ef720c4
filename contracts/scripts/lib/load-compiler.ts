/** The solc-js that npm installed, in this process: loading it takes a third of a second, so callers keep it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Of solc's standard JSON input, what the tools here set. */
export interface CompilerInput {
  readonly language: 'Solidity'
  readonly sources: Readonly<Record<string, { readonly content: string }>>
  readonly settings: Readonly<Record<string, unknown>>
}

export interface CompilerMessage {
  readonly severity: 'error' | 'warning' | 'info'
  readonly errorCode: string
  readonly message: string
  readonly formattedMessage: string
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number }
}

export interface CompiledCode {
  /** Hex without 0x. */
  readonly object: string
  readonly immutableReferences?: Readonly<
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >
}

export interface CompiledContract {
  readonly evm: { readonly bytecode: CompiledCode; readonly deployedBytecode: CompiledCode }
}

export interface CompilerOutput {
  readonly errors?: readonly CompilerMessage[]
  /** File, then contract. */
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, CompiledContract>>>>
  readonly sources?: Readonly<Record<string, { readonly ast: unknown }>>
}

/** What the compiler asks its caller for: the text of an import, or an SMT solver's answer. */
export type Answer = { readonly contents: string } | { readonly error: string }

export interface CompilerCallbacks {
  /** Default: files of installed packages. */
  readonly import?: (path: string) => Answer
  readonly smtSolver?: (query: string) => Answer
}

/** Compiles synchronously. Errors of the Solidity source are in the output; it throws only if the compiler itself fails. */
export type Compile = (input: CompilerInput, callbacks?: CompilerCallbacks) => CompilerOutput

/** Loads the compiler. Each call makes a new one with its own memory. */
export function loadCompiler(): Compile {
  const load = createRequire(import.meta.url)
  const wrap: unknown = load('solc/wrapper')
  if (typeof wrap !== 'function') throw new Error('the package solc has no wrapper')
  const solc: unknown = Reflect.apply(wrap, undefined, [load('solc/soljson.js')])
  if (!isSolc(solc)) throw new Error('the package solc has no compile function')
  return (input, callbacks = {}) => {
    const answer: unknown = JSON.parse(
      solc.compile(JSON.stringify(input), { import: callbacks.import ?? readPackageFile, ...callbacks }),
    )
    if (!isOutput(answer)) throw new Error('solc answered something that is not an object')
    return answer
  }
}

/** Reads `@scope/package/path.sol` as Node would find it from here. */
function readPackageFile(path: string): Answer {
  try {
    return { contents: readFileSync(createRequire(import.meta.url).resolve(path), 'utf8') }
  } catch {
    return { error: `${path} is not in an installed package` }
  }
}

interface Solc {
  compile(input: string, callbacks: CompilerCallbacks): string
}

function isSolc(value: unknown): value is Solc {
  return typeof value === 'object' && value !== null && 'compile' in value && typeof value.compile === 'function'
}

/** The compiler of this package's own lock file: its output is taken at its word. */
function isOutput(value: unknown): value is CompilerOutput {
  return typeof value === 'object' && value !== null
}
