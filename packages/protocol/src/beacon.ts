/** drand's quicknet format (`bls-unchained-g1-rfc9380`): signatures on G1, public key on G2, SHA-256 of the round number. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { z } from 'zod'
import { encodeCanonical, hexToBytes, keccakText, sha256Hex } from './canonical.ts'
import { memoryLimits } from './limits.ts'
import { createMemo } from './memo.ts'
import { hexSchema } from './schema.ts'
import { asHash, beaconRound, unixMs, type BeaconRound, type Hash32, type UnixMs } from './units.ts'

/** What pins a beacon: whoever knows these four values can verify any round offline. */
export const BeaconInfo = z.strictObject({
  /** 96-byte compressed G2 point. */
  publicKey: hexSchema(96),
  genesisMs: z.int().min(0),
  periodMs: z.int().min(100).max(600_000),
  scheme: z.literal('bls-unchained-g1-rfc9380'),
})
export type BeaconInfo = z.infer<typeof BeaconInfo>

/** One published round; `signature` is a 48-byte compressed G1 point. */
export const BeaconValue = z.strictObject({
  round: z.int().min(1).transform(beaconRound),
  signature: hexSchema(48),
})
export type BeaconValue = z.infer<typeof BeaconValue>

/** Names a beacon in signed messages: keccak256 of the canonical JSON of all four values, schedule included. */
export const deriveBeaconId = (info: BeaconInfo): Hash32 => asHash(keccakText(encodeCanonical({ ...info })))

/** The randomness of a round: SHA-256 of its signature. */
export const deriveRandomness = (value: BeaconValue): Hash32 => asHash(sha256Hex(hexToBytes(value.signature)))

/** Newest round published at `now`; 0 before the first. Round 1 is published at genesis. */
export const beaconRoundAt = (info: BeaconInfo, now: UnixMs): BeaconRound =>
  beaconRound(Math.max(0, Math.floor((now - info.genesisMs) / info.periodMs) + 1))

/** Publication time of a round. */
export const beaconTimeOf = (info: BeaconInfo, round: BeaconRound): UnixMs =>
  unixMs(info.genesisMs + (round - 1) * info.periodMs)

/** Whether the signature is the beacon's own for that round. Never throws on bad points. */
export function verifyBeaconValue(info: BeaconInfo, value: BeaconValue): boolean {
  return verified.get(`${info.publicKey}/${value.round}/${value.signature}`, () => verify(info, value))
}

function verify(info: BeaconInfo, value: BeaconValue): boolean {
  try {
    const message = bls.hash(beaconMessage(value.round), beaconDst)
    return bls.verify(hexToBytes(value.signature), message, hexToBytes(info.publicKey))
  } catch {
    return false
  }
}

/** The bytes a beacon signs for a round: SHA-256 of the round as uint64 big-endian. */
export function beaconMessage(round: BeaconRound): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(round))
  return hexToBytes(sha256Hex(bytes))
}

/** Hash-to-curve domain of the scheme (RFC 9380). */
export const beaconDst = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'
const bls = bls12_381.shortSignatures
/** All jobs of an epoch share its seed, and a pairing costs some 30 ms. */
const verified = createMemo<boolean>(memoryLimits.rounds)
