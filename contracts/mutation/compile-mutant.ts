/** Compiling: what depends on a file, which bytes a change leads to, and the artifacts that the tests then load. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'

import config from '../hardhat.config.ts'
import { type Compile, type CompiledContract, loadCompiler } from '../scripts/lib/load-compiler.ts'
import type { Sources } from './list-mutants.ts'

/** Contracts by `src/Escrow.sol:Escrow`. */
export type Build = ReadonlyMap<string, CompiledContract>

/** `light` costs a third of the time of `project`, the settings of the project, and leaves the code a fifth larger. */
export type OptimizerLevel = 'light' | 'project'

export interface ContractCompiler {
  readonly compile: Compile
  /** All contracts of the given files, or undefined if they do not compile. */
  readonly build: (sources: Sources, files: readonly string[], level: OptimizerLevel) => Build | undefined
}

/** Only what is cheap, and the stack allocation without which some inline assembly does not compile. */
const LIGHT_OPTIMIZER = {
  details: {
    peephole: true,
    jumpdestRemover: true,
    deduplicate: true,
    inliner: false,
    orderLiterals: false,
    cse: false,
    constantOptimizer: false,
    yul: true,
    // No steps at all: neither in the usual sequence nor in the final one.
    yulDetails: { stackAllocation: true, optimizerSteps: ':' },
  },
}

/** Compiles with the project's settings, but without metadata, which would differ with every comment. */
export function openCompiler(): ContractCompiler {
  const compile = loadCompiler()
  const project = projectSettings()
  return {
    compile,
    build(sources, files, level) {
      const wanted = ['evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences']
      const output = compile({
        language: 'Solidity',
        sources: Object.fromEntries([...sources].map(([file, content]) => [file, { content }])),
        settings: {
          ...project,
          ...(level === 'light' && { optimizer: LIGHT_OPTIMIZER }),
          metadata: { appendCBOR: false, bytecodeHash: 'none' },
          outputSelection: Object.fromEntries(files.map((file) => [file, { '*': wanted }])),
        },
      })
      if (output.errors?.some(({ severity }) => severity === 'error') === true) return undefined
      return new Map(
        Object.entries(output.contracts ?? {}).flatMap(([file, contracts]) =>
          Object.entries(contracts).map(([name, contract]) => [`${file}:${name}`, contract] as const),
        ),
      )
    },
  }
}

/** The file itself and every file that imports it, however indirectly. */
export function dependentsOf(sources: Sources, file: string): string[] {
  const found = new Set([file])
  for (let before = 0; before !== found.size;) {
    before = found.size
    for (const [other, text] of sources) if (importsOf(other, text).some((name) => found.has(name))) found.add(other)
  }
  return [...found]
}

/** Names of the contracts whose code differs. */
export function changedContracts(original: Build, mutated: Build): string[] {
  return [...mutated]
    .filter(([name, { evm }]) => {
      const before = original.get(name)?.evm
      return (
        before?.bytecode.object !== evm.bytecode.object ||
        before.deployedBytecode.object !== evm.deployedBytecode.object
      )
    })
    .map(([name]) => name)
}

/** Puts the code of one contract into the artifact that Hardhat wrote for it. */
export function writeArtifactCode(folder: string, name: string, { evm }: CompiledContract): void {
  const [file = '', contract = ''] = name.split(':')
  const path = join(folder, 'artifacts', file, `${contract}.json`)
  const artifact: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const code = {
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    immutableReferences: evm.deployedBytecode.immutableReferences ?? {},
  }
  writeFileSync(path, JSON.stringify(Object.assign({}, artifact, code)))
}

/** The settings of the default profile in `hardhat.config.ts`. */
function projectSettings(): object {
  const settings = ['solidity', 'profiles', 'default', 'settings'].reduce<unknown>(
    (value, field) => (typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined),
    config,
  )
  if (typeof settings !== 'object' || settings === null) throw new Error('hardhat.config.ts has no compiler settings')
  return settings
}

function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(/^import [^;]*?"(\.[^"]+)";/gms)].map(([, path = '']) =>
    posix.join(posix.dirname(file), path),
  )
}
