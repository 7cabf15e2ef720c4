/**
 * The age key that a job's results are sealed to, derived from the client's own key and the job itself. Nothing has to be
 * stored: whoever holds the operator key and the spec (which the evidence of a job contains) can open the results.
 *
 *   digest   = keccak256("assay/seal/1\n" ‖ sha256 of the canonical spec without `sealTo`)
 *   scalar   = HKDF-SHA-256(r ‖ s of the client's RFC 6979 signature of the digest, info "assay/seal/1"), 32 bytes
 *   identity = bech32("age-secret-key-", scalar), recipient = bech32("age", X25519(scalar, 9))
 *
 * Sources: age-encryption.org/v1, RFC 5869, RFC 6979, RFC 7748, BIP 173.
 */
import {
  encodeCanonicalBytes,
  hexToBytes,
  keccakText,
  MarketError,
  sha256Hex,
  toJson,
  type DigestSigner,
} from '@assay/protocol'
import { encodeBech32 } from './bech32.ts'

export interface SealKey {
  /** `AGE-SECRET-KEY-1…`: never logged, never stored. */
  readonly identity: string
  /** `age1…`: what the spec carries as `sealTo`. */
  readonly recipient: string
}

/**
 * Derives the key of a job from its spec, finished or not. Throws `config-invalid` when the signer signs the same
 * digest differently each time, for then the key could never be derived again.
 */
export async function deriveSealKey(spec: object, signer: DigestSigner): Promise<SealKey> {
  const fields = Object.entries(spec).filter(([name]) => name !== 'sealTo')
  const specWithoutKey = sha256Hex(encodeCanonicalBytes(toJson(Object.fromEntries(fields))))
  const digest = keccakText(`assay/seal/1\n${specWithoutKey}`)
  const [signature, again] = [await signer.sign(digest), await signer.sign(digest)]
  if (signature !== again) {
    throw new MarketError('config-invalid', 'the signer does not sign deterministically (RFC 6979)', {
      details: { setting: 'signer', signer: signer.address },
    })
  }
  const scalar = await hkdf(hexToBytes(signature).slice(0, 64))
  return {
    identity: encodeBech32('age-secret-key-', scalar).toUpperCase(),
    recipient: encodeBech32('age', await publicKeyOf(scalar)),
  }
}

async function hkdf(secret: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const how = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(32),
    info: new TextEncoder().encode('assay/seal/1'),
  }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256))
}

/** X25519 of the scalar and the base point. */
async function publicKeyOf(scalar: Uint8Array): Promise<Uint8Array> {
  // RFC 8410: the only way to hand WebCrypto a raw private key is a PKCS #8 frame of fixed bytes around it.
  const pkcs8 = new Uint8Array([...hexToBytes('0x302e020100300506032b656e04220420'), ...scalar])
  const basePoint = new Uint8Array(32)
  basePoint[0] = 9
  const own = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'X25519' }, false, ['deriveBits'])
  const base = await crypto.subtle.importKey('raw', basePoint, { name: 'X25519' }, true, [])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: base }, own, 256))
}
