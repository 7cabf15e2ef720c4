/** The key of a beacon of one's own. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import {
  beaconDst,
  beaconMessage,
  bytesToHex,
  concatBytes,
  hexToBytes,
  sha256Hex,
  type BeaconRound,
  type BeaconValue,
  type Hex,
} from '@assay/protocol'

/** Signs rounds. The secret stays inside. */
export interface BeaconKey {
  /** 96-byte compressed G2 point. */
  readonly publicKey: Hex
  sign(round: BeaconRound): BeaconValue
}

/** From 32 secret bytes below the order of the curve. Throws `RangeError` or noble's error when they are not. */
export function createBeaconKey(secretKey: Hex): BeaconKey {
  const secret = hexToBytes(secretKey)
  if (secret.length !== 32) throw new RangeError('a beacon key has 32 bytes')
  return {
    publicKey: bytesToHex(bls.getPublicKey(secret).toBytes()),
    sign: (round) => ({
      round,
      signature: bytesToHex(bls.sign(bls.hash(beaconMessage(round), beaconDst), secret).toBytes()),
    }),
  }
}

/** The secret key that a text always gives: for devnets and tests, where anyone may know it. */
export function deriveBeaconSecret(seed: string): Hex {
  const bytes = new TextEncoder().encode(`assay/local-beacon/1\n${seed}`)
  const half = (n: number): Uint8Array => hexToBytes(sha256Hex(concatBytes(bytes, Uint8Array.of(n))))
  const wide = concatBytes(half(1), half(2))
  return bytesToHex(bls.keygen(wide.subarray(0, 48)).secretKey)
}

const bls = bls12_381.shortSignatures
