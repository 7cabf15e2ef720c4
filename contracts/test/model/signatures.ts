/** Who signed a digest, as the contracts judge it: low s, v 27 or 28, 65 bytes. */
import type { Hex } from 'viem'

import { type Signature, recoverSigner } from '../../../packages/protocol/src/index.ts'
import type { Setting } from './market.ts'

/** Bounds memory in a long run; the answers come out the same without it. */
const MOST_KNOWN = 50_000

const known = new Map<Hex, { readonly digest: Hex; readonly signer: Hex }>()

/** Notes who made a signature, which saves the model the recovery. */
export function noteSignature(signature: Hex, digest: Hex, signer: Hex): void {
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(signature, { digest, signer })
}

/** The signer's address, or `undefined` if the signature is malformed. */
export function recover(digest: Hex, signature: Hex): Hex | undefined {
  const noted = known.get(signature)
  if (noted?.digest === digest) return noted.signer
  return recoverSigner(digest, signature as Signature)
}

/** Whether an account agreed: by its key, or by its key's word if it is a contract wallet. */
export function agreed(setting: Setting, account: Hex, digest: Hex, signature: Hex): boolean {
  return recover(digest, signature) === (setting.wallets.get(account) ?? account)
}
