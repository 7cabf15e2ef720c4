import {
  asHash,
  deriveAddress,
  derivePublicKey,
  keccakText,
  signDigest,
  type Address,
  type Hex,
  type PublicKey,
  type Signature,
  type Unit,
} from '../src/index.ts'

export interface TestSigner {
  readonly address: Address
  readonly publicKey: PublicKey
  sign(digest: Hex): Promise<Signature>
}

/** A signer whose key belongs to a name. */
export function createSigner(name: string): TestSigner {
  const privateKey = asHash<never>(keccakText(`assay/protocol-test/${name}`))
  const publicKey = derivePublicKey(privateKey)
  return { publicKey, address: deriveAddress(publicKey), sign: async (digest) => signDigest(digest, privateKey) }
}

/** 32 bytes that belong to a text. */
export const named = <H extends Unit<Hex, string>>(text: string): H => asHash<H>(keccakText(text))
