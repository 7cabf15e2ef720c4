import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  beaconMessage,
  beaconRoundAt,
  beaconTimeOf,
  deriveBeaconId,
  deriveRandomness,
  verifyBeaconValue,
  type BeaconInfo,
  type BeaconValue,
} from './beacon.ts'
import { asHash, beaconRound, unixMs } from './units.ts'

/** drand's quicknet. */
const quicknet: BeaconInfo = {
  publicKey:
    '0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  genesisMs: 1_692_803_367_000,
  periodMs: 3000,
  scheme: 'bls-unchained-g1-rfc9380',
}
const round1000: BeaconValue = {
  round: beaconRound(1000),
  signature: '0xb44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39',
}

describe('beacon values', () => {
  it('verify against the real network', () => {
    assert.ok(verifyBeaconValue(quicknet, round1000))
    // As drand itself reports it for this round.
    assert.equal(deriveRandomness(round1000), '0xfe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd')
  })

  it('do not verify for another round, signature or key', () => {
    assert.ok(!verifyBeaconValue(quicknet, { ...round1000, round: beaconRound(1001) }))
    for (const at of [4, 40, 97]) {
      const signature = round1000.signature
      const nibble = (Number.parseInt(signature[at]!, 16) ^ 1).toString(16)
      const changed: BeaconValue = {
        ...round1000,
        signature: `0x${signature.slice(2, at)}${nibble}${signature.slice(at + 1)}`,
      }
      assert.ok(!verifyBeaconValue(quicknet, changed), `${at}`)
    }
    assert.ok(!verifyBeaconValue({ ...quicknet, publicKey: `0x${'00'.repeat(96)}` }, round1000))
    assert.ok(!verifyBeaconValue(quicknet, { ...round1000, signature: `0xc0${'00'.repeat(47)}` }))
    assert.ok(!verifyBeaconValue(quicknet, { ...round1000, signature: '0x' }))
  })

  it('are signed over the SHA-256 of the round number', () => {
    const number = Buffer.alloc(8)
    number.writeBigUInt64BE(1000n)
    assert.deepEqual(Buffer.from(beaconMessage(beaconRound(1000))), createHash('sha256').update(number).digest())
  })
})

describe('beacon schedule', () => {
  it('publishes round 1 at genesis', () => {
    assert.equal(beaconTimeOf(quicknet, beaconRound(1)), quicknet.genesisMs)
    assert.equal(beaconRoundAt(quicknet, unixMs(quicknet.genesisMs - 1)), 0)
    assert.equal(beaconRoundAt(quicknet, unixMs(0)), 0)
  })

  it('knows the newest round at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.nat({ max: quicknet.periodMs - 1 }), (n, later) => {
        const time = beaconTimeOf(quicknet, beaconRound(n))
        assert.equal(beaconRoundAt(quicknet, unixMs(time + later)), n)
        assert.equal(beaconRoundAt(quicknet, unixMs(time - 1)), n - 1)
      }),
    )
  })
})

describe('beacon ids', () => {
  it('change with each of the values that pin a beacon, not with their order', () => {
    const { publicKey, ...rest } = quicknet
    const ids = [
      quicknet,
      { ...quicknet, publicKey: asHash<never>(publicKey.replace('83', '84')) },
      { ...quicknet, genesisMs: 0 },
      { ...quicknet, periodMs: 1000 },
    ].map(deriveBeaconId)
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(deriveBeaconId({ ...rest, publicKey }), ids[0])
  })
})
