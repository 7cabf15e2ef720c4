/** Operators for tests: real secp256k1 keys that belong to names. */
import type { Signer } from '@assay/core'
import {
  asHash,
  deriveAddress,
  derivePublicKey,
  keccakText,
  signDigest,
  type Hex,
  type PrivateKey,
  type Signature,
} from '@assay/protocol'

/** A `Signer` that also signs at once and shows its key. */
export interface TestActor extends Signer {
  readonly name: string
  readonly privateKey: PrivateKey
  signNow(digest: Hex): Signature
}

/** Equal names give equal keys on every machine. */
export function createTestActor(name: string): TestActor {
  const privateKey = asHash<PrivateKey>(keccakText(`assay/test-actor/${name}`))
  const publicKey = derivePublicKey(privateKey)
  const signNow = (digest: Hex): Signature => signDigest(digest, privateKey)
  return {
    name,
    privateKey,
    publicKey,
    address: deriveAddress(publicKey),
    signNow,
    sign: async (digest) => signNow(digest),
  }
}
