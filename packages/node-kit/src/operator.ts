import type { Signer } from '@assay/core'
import {
  deriveAddress,
  derivePublicKey,
  signDigest,
  type Address,
  type Hex,
  type PrivateKey,
  type PublicKey,
  type Signature,
} from '@assay/protocol'
import { parsePrivateKey } from './private-key.ts'

/** One actor's key, which signs without showing itself. */
export interface Operator extends Signer {
  readonly address: Address
  readonly publicKey: PublicKey
  /** 65 bytes r‖s‖v, v 27 or 28, low s, deterministic (RFC 6979). Throws `RangeError` unless the digest has 32 bytes. */
  sign(digest: Hex): Promise<Signature>
}

/** Keeps the private key in its closure: no property, no JSON, no `inspect` shows it. Throws `keystore-invalid`. */
export function openOperator(privateKey: PrivateKey): Operator {
  const key = parsePrivateKey(privateKey, 'operator key')
  const publicKey = derivePublicKey(key)
  return {
    address: deriveAddress(publicKey),
    publicKey,
    async sign(digest) {
      if (!/^0x[0-9a-f]{64}$/i.test(digest)) throw new RangeError('a digest has 32 bytes')
      return signDigest(digest, key)
    },
  }
}
