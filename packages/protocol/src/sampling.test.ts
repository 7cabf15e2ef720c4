import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes } from 'viem'
import { named } from '../test/actor.ts'
import type { Seat } from './epoch.ts'
import { drawSeats, isSampled, type SampleSeed } from './sampling.ts'
import { asAddress, asHash, ppm, usdc, type Address, type Commitment, type EpochRoot, type Hash32 } from './units.ts'

const randomness = named<Hash32>('randomness')
const root = named<EpochRoot>('root')
/** Commitments that count up: what must be uniform is the hash, not its input. */
const seedOf = (n: number): SampleSeed => ({
  randomness,
  root,
  commitment: asHash<Commitment>(`0x${n.toString(16).padStart(64, '0')}`),
})
const member = (n: number): Address => asAddress(`0x${n.toString(16).padStart(40, '0')}`)
const seatsOf = (...stakes: readonly number[]): readonly Seat[] =>
  stakes.map((stake, i) => ({ validator: member(i + 1), stake: usdc(BigInt(stake)) }))
const nobody = new Set<Address>()

/** Whether `hits` of `runs` is within three standard errors of probability `p`. */
function assertShare(hits: number, runs: number, p: number, what: string): void {
  const error = Math.sqrt((p * (1 - p)) / runs)
  assert.ok(Math.abs(hits / runs - p) <= 3 * error, `${what}: ${hits / runs} is not ${p} ± ${3 * error}`)
}

describe('isSampled', () => {
  it('draws the asked share of 10^5 seeds, within three standard errors', () => {
    const runs = 100_000
    let hits = 0
    for (let i = 0; i < runs; i++) if (isSampled(seedOf(i), ppm(53_428))) hits += 1
    assertShare(hits, runs, 0.053428, 'rate')
  })

  it('draws always at 10^6 and never at 0', () => {
    for (let i = 0; i < 100; i++) {
      assert.ok(isSampled(seedOf(i), ppm(1_000_000)))
      assert.ok(!isSampled(seedOf(i), ppm(0)))
    }
  })

  it('keeps what it has drawn when the rate rises', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (n, a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)]
          assert.ok(!isSampled(seedOf(n), ppm(low)) || isSampled(seedOf(n), ppm(high)))
        },
      ),
    )
  })

  it('compares the hash that the specification names with rate · 2^256 / 10^6', () => {
    const types = parseAbiParameters('bytes32, bytes32, bytes32, bytes32, uint8, uint32')
    for (let i = 0; i < 50; i++) {
      const seed = seedOf(i)
      const hash = keccak256(
        encodeAbiParameters(types, [
          keccak256(toBytes('assay/sample/1')),
          seed.randomness,
          seed.root,
          seed.commitment,
          0,
          0,
        ]),
      )
      const share = Number((BigInt(hash) * 1_000_000n) >> 256n)
      assert.ok(!isSampled(seed, ppm(share)) && isSampled(seed, ppm(share + 1)))
    }
  })
})

describe('drawSeats', () => {
  const stakes = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 12 })

  it('seats everybody who may sit once, and nobody else', () => {
    fc.assert(
      fc.property(stakes, fc.nat(), fc.nat({ max: 4 }), fc.array(fc.nat({ max: 12 })), (list, n, round, out) => {
        const excluded = new Set(out.map((i) => member(i + 1)))
        const drawn = drawSeats(seedOf(n), round, seatsOf(...list), excluded)
        const expected = list.flatMap((stake, i) => (stake > 0 && !excluded.has(member(i + 1)) ? [member(i + 1)] : []))
        assert.deepEqual(drawn.toSorted(), expected.toSorted())
      }),
    )
  })

  it('does not depend on the order in which seats are listed', () => {
    fc.assert(
      fc.property(stakes, fc.nat(), (list, n) => {
        const seats = seatsOf(...list)
        assert.deepEqual(drawSeats(seedOf(n), 0, seats.toReversed(), nobody), drawSeats(seedOf(n), 0, seats, nobody))
      }),
    )
  })

  it('draws by stake: first and second seat come up as often as the stakes say', () => {
    const runs = 6000
    const stake = [50, 30, 15, 5]
    const seats = seatsOf(...stake)
    const first = stake.map(() => 0)
    const second = stake.map(() => 0)
    for (let i = 0; i < runs; i++) {
      const [one, two] = drawSeats(seedOf(i), 0, seats, nobody)
      first[seats.findIndex(({ validator }) => validator === one)]! += 1
      second[seats.findIndex(({ validator }) => validator === two)]! += 1
    }
    stake.forEach((own, i) => {
      assertShare(first[i]!, runs, own / 100, `first ${i}`)
      const chance = stake.reduce((sum, other, j) => (i === j ? sum : sum + (other / 100) * (own / (100 - other))), 0)
      assertShare(second[i]!, runs, chance, `second ${i}`)
    })
  })

  it('takes another draw for every round and commitment', () => {
    const seats = seatsOf(...Array<number>(12).fill(1))
    const draws = [0, 1, 2].flatMap((round) => [1, 2].map((n) => drawSeats(seedOf(n), round, seats, nobody).join()))
    assert.equal(new Set(draws).size, draws.length)
  })
})
