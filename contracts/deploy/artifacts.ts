/** Reads what the Hardhat build left behind. */
import { readFile } from 'node:fs/promises'

import type { Abi, Hex } from 'viem'

export interface Artifact {
  readonly abi: Abi
  /** Creation code; `0x` for an interface. */
  readonly bytecode: Hex
  /** Code on chain, with zeros where immutables go. */
  readonly deployedBytecode: Hex
  /** Where immutables go: byte ranges of `deployedBytecode`, by a number of the compiler's. */
  readonly immutableReferences?: Readonly<
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >
}

/**
 * Reads one artifact by source file and contract, like `Escrow.sol/Escrow`. Throws if the contracts have not been
 * built: `npm run build -w contracts`.
 */
export async function readArtifact(name: string): Promise<Artifact> {
  const file = new URL(`../artifacts/src/${name}.json`, import.meta.url)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${name} is not built. Run "npm run build -w contracts" first.`, { cause })
  })
  const parsed: unknown = JSON.parse(text)
  if (!isArtifact(parsed)) throw new Error(`${file.pathname} is not a Hardhat artifact`)
  return parsed
}

function isArtifact(value: unknown): value is Artifact {
  if (typeof value !== 'object' || value === null || !('abi' in value) || !('bytecode' in value)) return false
  if (!('deployedBytecode' in value) || typeof value.deployedBytecode !== 'string') return false
  return Array.isArray(value.abi) && typeof value.bytecode === 'string' && value.bytecode.startsWith('0x')
}
