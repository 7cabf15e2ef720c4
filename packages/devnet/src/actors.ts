import { asHash, derivePublicKey, deriveAddress, keccakText, type Address, type PrivateKey } from '@assay/protocol'

/** An actor of a devnet: its key follows from the seed and its name, so equal seeds give equal markets. */
export interface Actor {
  readonly name: string
  readonly privateKey: PrivateKey
  readonly address: Address
}

/** Never use these keys where money is real: whoever knows the seed knows them. */
export function deriveActor(seed: string, name: string): Actor {
  const privateKey = asHash<PrivateKey>(keccakText(`assay/devnet/1\n${seed}\n${name}`))
  return { name, privateKey, address: deriveAddress(derivePublicKey(privateKey)) }
}

export const deriveActors = (seed: string, name: string, count: number): readonly Actor[] =>
  Array.from({ length: count }, (_, at) => deriveActor(seed, `${name}-${at + 1}`))
