import type { Address, Hex, PublicKey, Signature } from '@assay/protocol'

/** An operator key that signs without showing itself. */
export interface Signer {
  readonly address: Address
  readonly publicKey: PublicKey
  /** 65-byte r‖s‖v over a 32-byte digest, low s. */
  sign(digest: Hex): Promise<Signature>
}
