/**
 * Renders the ABI modules that the chain adapter imports. One item per line, sorted, so that a change of a contract
 * shows as a small diff.
 */
import type { Abi } from 'viem'

import { readArtifact } from '../deploy/artifacts.ts'

/** One generated module: its file name in `packages/chain/src/abi` and its text. */
export interface AbiModule {
  readonly file: string
  readonly text: string
}

interface Source {
  readonly name: string
  readonly artifact: string
  /** Contracts it calls: their errors reach the caller unchanged, so they belong to this ABI as well. */
  readonly errorsOf: readonly string[]
}

const USDC = 'interfaces/IUsdc.sol/IUsdc'
const SOURCES: readonly Source[] = [
  { name: 'escrow', artifact: 'Escrow.sol/Escrow', errorsOf: ['Quorums.sol/Quorums'] },
  { name: 'stakes', artifact: 'Stakes.sol/Stakes', errorsOf: [] },
  { name: 'quorums', artifact: 'Quorums.sol/Quorums', errorsOf: [] },
  { name: 'disputes', artifact: 'Disputes.sol/Disputes', errorsOf: ['Quorums.sol/Quorums', 'Stakes.sol/Stakes'] },
  { name: 'usdc', artifact: USDC, errorsOf: [] },
]

/** All modules, from the current Hardhat artifacts. */
export async function renderAbiModules(): Promise<AbiModule[]> {
  return Promise.all(SOURCES.map(renderModule))
}

async function renderModule({ name, artifact, errorsOf }: Source): Promise<AbiModule> {
  const own = await readAbi(artifact)
  const bubbled = (await Promise.all(errorsOf.map(readAbi))).flat().filter((item) => item.type === 'error')
  const items = [...own, ...bubbled].filter((item) => item.type !== 'constructor')
  const lines = [...new Set(items.map(toLine))].toSorted().map((line) => `  ${line},`)
  const text = [
    '// Generated from contracts/src by `npm run build -w contracts`. Do not edit.',
    '// prettier-ignore',
    `export const ${name}Abi = [`,
    ...lines,
    '] as const',
    '',
  ].join('\n')
  return { file: `${name}.ts`, text }
}

/** Type, name and inputs first: it sorts by them and tells overloads apart. */
function toLine(item: Abi[number]): string {
  const name = 'name' in item ? item.name : ''
  const inputs = 'inputs' in item ? item.inputs : []
  const { type, ...rest } = item
  return JSON.stringify({ type, name, inputs, ...rest }, (key, value: unknown) =>
    key === 'internalType' ? undefined : value,
  )
}

async function readAbi(name: string): Promise<Abi> {
  return (await readArtifact(name)).abi
}
