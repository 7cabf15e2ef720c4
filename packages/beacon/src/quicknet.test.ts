import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BeaconValue,
  beaconDst,
  beaconMessage,
  beaconRound,
  bytesToHex,
  concatBytes,
  deriveRandomness,
  hexToBytes,
  sha256Hex,
  verifyBeaconValue,
  type BeaconInfo,
} from '@assay/protocol'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import vectors from '../vectors/quicknet.json' with { type: 'json' }
import { createBeaconKey, deriveBeaconSecret } from './beacon-key.ts'
import { quicknet, quicknetChainHash, quicknetUrls } from './quicknet.ts'

const rounds = vectors.rounds.map(({ round, signature, randomness }) => ({
  value: BeaconValue.parse({ round, signature }),
  randomness,
}))
const first = rounds[0]!.value

describe('quicknet', () => {
  it('verifies rounds that the real network published', () => {
    for (const { value, randomness } of rounds) {
      assert.ok(verifyBeaconValue(quicknet, value), `round ${value.round}`)
      assert.equal(deriveRandomness(value), randomness)
    }
  })

  it('has the parameters that hash to its chain hash', () => {
    const head = new DataView(new ArrayBuffer(12))
    head.setUint32(0, quicknet.periodMs / 1000)
    head.setBigInt64(4, BigInt(quicknet.genesisMs / 1000))
    const hashed = concatBytes(
      new Uint8Array(head.buffer),
      hexToBytes(quicknet.publicKey),
      Buffer.from(vectors.groupHash, 'hex'),
      Buffer.from(vectors.beaconId),
    )
    assert.equal(sha256Hex(hashed), quicknetChainHash)
    assert.equal(quicknetChainHash, `0x${vectors.chainHash}`)
    for (const url of quicknetUrls) assert.ok(url.endsWith(`/${vectors.chainHash}`))
  })

  it('refuses a real signature for another round or another key', () => {
    assert.equal(verifyBeaconValue(quicknet, { ...first, round: beaconRound(1001) }), false)
    const other = createBeaconKey(deriveBeaconSecret('other')).publicKey
    assert.equal(verifyBeaconValue({ ...quicknet, publicKey: other }, first), false)
  })
})

/** A second accepted encoding of one signature would let a relay choose between two random values. */
describe('a round has one encoding only', () => {
  const key = createBeaconKey(deriveBeaconSecret('encodings'))
  const info: BeaconInfo = { ...quicknet, publicKey: key.publicKey }
  const p = bls12_381.fields.Fp.ORDER

  it('refuses an x coordinate written above the field order', () => {
    const low = [...Array(64).keys()]
      .map((n) => key.sign(beaconRound(n + 1)))
      .find(({ signature }) => xOf(signature) + p < 1n << 381n)!
    const flags = BigInt(low.signature) >> 381n
    const alias = bytesOf((flags << 381n) | (xOf(low.signature) + p))
    assert.ok(verifyBeaconValue(info, low))
    assert.equal(verifyBeaconValue(info, { ...low, signature: alias }), false)
  })

  it('refuses a signature moved by a point of small order, which every pairing would accept', () => {
    const round = beaconRound(5)
    const { Point } = bls12_381.G1
    const signature = Point.fromHex(key.sign(round).signature.slice(2))
    const moved = signature.add(outsideSubgroup()).toAffine()
    const sign = moved.y * 2n > p ? 1n : 0n
    const encoded = bytesOf((1n << 383n) | (sign << 381n) | moved.x)
    assert.equal(verifyBeaconValue(info, { round, signature: encoded }), false)
  })

  it('refuses the point at infinity as signature and as key', () => {
    const zero = { round: beaconRound(5), signature: bytesOf(0b110n << 381n) }
    assert.equal(verifyBeaconValue(info, zero), false)
    assert.equal(verifyBeaconValue({ ...info, publicKey: `0xc0${'00'.repeat(95)}` }, zero), false)
  })

  it('signs the hash of the round under the domain of the scheme', () => {
    assert.equal(bytesToHex(beaconMessage(beaconRound(1))), sha256Hex(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)))
    assert.equal(beaconDst, 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_')
  })

  /** A point of the curve times the group order: what is left is the part outside the subgroup. */
  function outsideSubgroup(): InstanceType<typeof bls12_381.G1.Point> {
    const { Fp, Fr } = bls12_381.fields
    const { Point } = bls12_381.G1
    for (let x = 1n; ; x += 1n) {
      const ySquared = Fp.add(Fp.pow(x, 3n), 4n)
      if (Fp.pow(ySquared, (p - 1n) / 2n) !== 1n) continue
      let sum = Point.ZERO
      let power = new Point(x, Fp.sqrt(ySquared), 1n)
      for (let bits = Fr.ORDER; bits > 0n; bits >>= 1n, power = power.double()) {
        if ((bits & 1n) === 1n) sum = sum.add(power)
      }
      if (!sum.equals(Point.ZERO)) return sum
    }
  }
})

const xOf = (signature: string): bigint => BigInt(signature) & ((1n << 381n) - 1n)
const bytesOf = (n: bigint): `0x${string}` => `0x${n.toString(16).padStart(96, '0')}`
