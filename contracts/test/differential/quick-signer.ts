/**
 * Test keys that sign in microseconds. An ECDSA signature is one multiplication of the curve's base point by a nonce, and
 * a little arithmetic; each key here multiplies once and uses its nonce again. That gives the key away, which harms nobody
 * in a test, and makes signatures like any other: low s, v 27 or 28. `quick-signer` is checked against viem in
 * `differential.test.ts`.
 */
import { type Hex, keccak256, numberToHex, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { noteSignature } from '../model/signatures.ts'

/** The order of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

export interface Signer {
  /** Lowercase. */
  readonly address: Hex
  /** 65 bytes: r, s, v. The model is told who made it. */
  sign(digest: Hex): Hex
}

export function createSigner(name: string): Signer {
  const key = keccak256(toHex(`assay differential test ${name}`))
  const address = lower(privateKeyToAccount(key).address)
  const nonce = keccak256(toHex(`nonce of ${name}`))
  // The point that the nonce makes of the base point is the nonce's own public key: 04, x, y.
  const point = privateKeyToAccount(nonce).publicKey
  const r = BigInt(`0x${point.slice(4, 68)}`) % ORDER
  const parity = BigInt(`0x${point.slice(68)}`) & 1n
  const inverse = invert(BigInt(nonce))
  const share = (r * BigInt(key)) % ORDER
  const head = numberToHex(r, { size: 32 })
  return {
    address,
    sign(digest) {
      const s = (inverse * (BigInt(digest) + share)) % ORDER
      const high = s > ORDER / 2n
      const v = 27n + (high ? 1n - parity : parity)
      const signature: Hex = `${head}${word(high ? ORDER - s : s)}${v.toString(16)}`
      noteSignature(signature, digest, address)
      return signature
    },
  }
}

/** The same signature with its s mirrored into the upper half: valid mathematics, refused everywhere. */
export function withHighS(signature: Hex): Hex {
  const s = BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.slice(130) === '1b' ? '1c' : '1b'
  return `0x${signature.slice(2, 66)}${word(ORDER - s)}${v}`
}

const word = (value: bigint): string => value.toString(16).padStart(64, '0')
const lower = (address: Hex): Hex => `0x${address.slice(2).toLowerCase()}`

/** By Fermat: the order is a prime. */
function invert(value: bigint): bigint {
  let result = 1n
  let base = value % ORDER
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER
    base = (base * base) % ORDER
  }
  return result
}
