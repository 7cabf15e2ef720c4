import { randomBytes } from 'node:crypto'
import { MarketError, type PrivateKey } from '@assay/protocol'
import { privateKeySchema } from './private-key-schema.ts'

/** A fresh secp256k1 key from the system's randomness. */
export function createPrivateKey(): PrivateKey {
  for (;;) {
    const parsed = privateKeySchema.safeParse(randomBytes(32).toString('hex'))
    if (parsed.success) return parsed.data
  }
}

/** Reads a key; `source` names where it came from. Throws `keystore-invalid`, without the text. */
export function parsePrivateKey(text: string, source: string): PrivateKey {
  const parsed = privateKeySchema.safeParse(text)
  if (parsed.success) return parsed.data
  const reason = 'not a secp256k1 private key'
  throw new MarketError('keystore-invalid', `${source}: ${reason}`, { details: { path: source, reason } })
}
