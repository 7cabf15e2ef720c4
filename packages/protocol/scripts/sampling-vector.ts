import {
  BeaconInfo,
  BeaconValue,
  beaconMessage,
  beaconTimeOf,
  bytesToHex,
  deriveBeaconId,
  deriveRandomness,
  drawSeats,
  isSampled,
  ppm,
  Seat,
  toJson,
  type Address,
  type Commitment,
  type EpochRoot,
  type Json,
} from '../src/index.ts'
import { addressOf, named } from './actors.ts'

/** drand's quicknet and its round 1000. */
export const quicknet = BeaconInfo.parse({
  publicKey:
    '0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  genesisMs: 1_692_803_367_000,
  periodMs: 3000,
  scheme: 'bls-unchained-g1-rfc9380',
})
const round1000 = BeaconValue.parse({
  round: 1000,
  signature: '0xb44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39',
})

/** From a beacon value to who is sampled and who sits. */
export function samplingVector(): Json {
  const randomness = deriveRandomness(round1000)
  const root = named<EpochRoot>('epoch-root')
  const seeds = Array.from({ length: 12 }, (_, i) => ({
    randomness,
    root,
    commitment: named<Commitment>(`leaf-${i}`),
  }))
  const stakes = [100, 50, 0, 1, 25, 1000, 50].map((whole) => whole * 1_000_000)
  const rates = [0, 10_000, 53_428, 250_000, 500_000, 999_999, 1_000_000].map(ppm)
  const seats = Array.from({ length: 7 }, (_, i) =>
    Seat.parse({ validator: addressOf(`validator-${i}`), stake: `${stakes[i]}` }),
  ).toSorted((a, b) => (a.validator < b.validator ? -1 : 1))
  const excludes: readonly (readonly Address[])[] = [
    [],
    [addressOf('validator-5')],
    seats.map((seat) => seat.validator),
  ]
  return toJson({
    beacon: {
      info: quicknet,
      beaconId: deriveBeaconId(quicknet),
      value: round1000,
      publishedAtMs: beaconTimeOf(quicknet, round1000.round),
      signedMessage: bytesToHex(beaconMessage(round1000.round)),
      randomness,
    },
    root,
    samples: seeds.map((seed) => ({
      commitment: seed.commitment,
      sampledAt: rates.filter((rate) => isSampled(seed, rate)),
    })),
    rates,
    seats,
    draws: seeds.slice(0, 4).flatMap((seed) =>
      [0, 1].flatMap((round) =>
        excludes.map((exclude) => ({
          commitment: seed.commitment,
          round,
          exclude,
          drawn: drawSeats(seed, round, seats, new Set(exclude)),
        })),
      ),
    ),
  })
}
