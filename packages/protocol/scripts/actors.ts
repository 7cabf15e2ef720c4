/** The cast of every vector: keys derived from names, so that anyone can repeat the signatures. */
import {
  asHash,
  derivePublicKey,
  deriveAddress,
  keccakText,
  type Address,
  type PrivateKey,
  type Unit,
  type Hex,
} from '../src/index.ts'

/** 32 bytes that belong to a name: keccak256("assay/vector/<name>"). */
export const named = <H extends Unit<Hex, string>>(name: string): H => asHash<H>(keccakText(`assay/vector/${name}`))

/** Test keys only: their preimages are public. */
export const keyOf = (name: string): PrivateKey => named<PrivateKey>(name)
export const addressOf = (name: string): Address => deriveAddress(derivePublicKey(keyOf(name)))
