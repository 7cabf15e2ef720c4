/** secp256k1 signatures over 32-byte digests, as 65 bytes r‖s‖v with low s and v = 27 or 28. */
import { instantiateSecp256k1 } from '@bitauth/libauth/build/lib/crypto/secp256k1.js'
import * as AddressOf from 'ox/Address'
import * as PublicKeyOf from 'ox/PublicKey'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as Secp256k1 from 'ox/Secp256k1'
import * as SignatureOf from 'ox/Signature'
import { hexToBytes } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import { memoryLimits } from './limits.ts'
import { createMemo } from './memo.ts'
import { asAddress, asHash, type Address, type Hex, type PrivateKey, type PublicKey, type Signature } from './units.ts'

/** Signs a digest with a private key. */
export function signDigest(digest: Hex, privateKey: PrivateKey): Signature {
  return asHash(SignatureOf.toHex(Secp256k1.sign({ payload: digest, privateKey })))
}

/**
 * The address whose key made the signature, or `undefined` when it is malformed, has a high s, or a v other than 27
 * or 28: one signer has one signature a digest, and contracts accept no other.
 */
export function recoverSigner(digest: Hex, signature: Signature): Address | undefined {
  if (!/^0x[0-9a-f]{128}1[bc]$/.test(signature)) return undefined
  return signers.get(digest + signature, () => recover(digest, signature))
}

function recover(digest: Hex, signature: Signature): Address | undefined {
  if (digest.length !== digestLength || BigInt(`0x${signature.slice(66, 130)}`) > halfOrder) return undefined
  try {
    return fast === undefined ? recoverSlowly(digest, signature) : recoverFast(fast, digest, signature)
  } catch {
    return undefined
  }
}

/** libsecp256k1 as WebAssembly, ten times faster; where a page's policy forbids that, JavaScript gives the same answers. */
const fast = await instantiateSecp256k1().catch(() => undefined)

type FastCurve = Awaited<ReturnType<typeof instantiateSecp256k1>>

function recoverFast(curve: FastCurve, digest: Hex, signature: Signature): Address | undefined {
  const bytes = hexToBytes(signature)
  const recoveryId = bytes[64] === 27 ? 0 : 1
  const key = curve.recoverPublicKeyUncompressed(bytes.subarray(0, 64), recoveryId, hexToBytes(digest))
  return typeof key === 'string' ? undefined : asAddress(`0x${keccakHex(key.subarray(1)).slice(26)}`)
}

/** `0x` and 32 bytes. */
const digestLength = 66

/** The same without WebAssembly. Exported for the test that compares both. */
export const recoverSlowly = (digest: Hex, signature: Signature): Address =>
  asAddress(Secp256k1.recoverAddress({ payload: digest, signature: SignatureOf.fromHex(signature) }))

/** Every step of a job checks the signatures of the one before, and each costs a fifth of a millisecond. */
const signers = createMemo<Address | undefined>(memoryLimits.signers)

/** Compressed public key of a private key. */
export const derivePublicKey = (privateKey: PrivateKey): PublicKey =>
  asHash(PublicKeyOf.toHex(PublicKeyOf.compress(Secp256k1.getPublicKey({ privateKey }))))

/** EVM address of a compressed public key. Throws when it is not a point of the curve. */
export const deriveAddress = (publicKey: PublicKey): Address =>
  asAddress(AddressOf.fromPublicKey(decompress(publicKey)))

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

function decompress(publicKey: PublicKey): PublicKeyOf.PublicKey<false> {
  const point = secp256k1.Point.fromHex(publicKey.slice(2)).toAffine()
  return PublicKeyOf.from({ prefix: 4, x: point.x, y: point.y })
}
