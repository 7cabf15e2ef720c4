import {
  asHash,
  deriveAddress,
  derivePublicKey,
  MarketError,
  signDigest,
  type DigestSigner,
  type PrivateKey,
} from '@assay/protocol'

/** A signer from a private key, `0x` and 64 hex digits. Throws `config-invalid` without repeating the key. */
export function createSigner(privateKey: string): DigestSigner {
  const wrong = (): MarketError =>
    new MarketError('config-invalid', 'the private key is not 0x and 64 hex digits of a secp256k1 key', {
      details: { setting: 'privateKey' },
    })
  if (!/^0x[0-9a-fA-F]{64}$/.test(privateKey)) throw wrong()
  const key = asHash<PrivateKey>(privateKey)
  try {
    const address = deriveAddress(derivePublicKey(key))
    return { address, sign: (digest) => Promise.resolve(signDigest(digest, key)) }
  } catch {
    // The cause could hold the key.
    throw wrong()
  }
}
