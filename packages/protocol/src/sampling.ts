/** Who is audited and by whom: pure functions of public randomness and the epoch root, so that anyone can recompute them. */
import { encodeWords } from './abi-words.ts'
import { keccakText } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import type { Seat } from './epoch.ts'
import type { Address, Commitment, EpochRoot, Hash32, Hex, Ppm } from './units.ts'

export interface SampleSeed {
  /** SHA-256 of the beacon's signature for the seed round. */
  readonly randomness: Hash32
  readonly root: EpochRoot
  readonly commitment: Commitment
}

/** `uint256(H("audit", randomness, root, C)) < floor(rate · 2^256 / 10^6)`; a rate of 10^6 always samples. */
export function isSampled(seed: SampleSeed, rate: Ppm): boolean {
  return sampleDraw(seed) < sampleThreshold(rate)
}

/** The number that the seed draws for a commit: 0 … 2^256 − 1. */
export const sampleDraw = (seed: SampleSeed): bigint => BigInt(hash(sampleTag, seed))

/** A commit is sampled when its draw is below this: floor(rate · 2^256 / 10^6). */
export const sampleThreshold = (rate: Ppm): bigint => (BigInt(rate) << 256n) / 1_000_000n

/**
 * Draws seats by stake without replacement: draw j takes `uint256(H("seat", randomness, root, C, round, j)) mod total`
 * and walks the remaining seats in address order. Seats without stake and excluded ones never sit.
 * Returns all drawable seats in drawing order: the first is the auditor, the next ones its alternates.
 */
export function drawSeats(
  seed: SampleSeed,
  round: number,
  seats: readonly Seat[],
  exclude: ReadonlySet<Address>,
): readonly Address[] {
  const left = seats
    .filter((seat) => seat.stake > 0n && !exclude.has(seat.validator))
    .toSorted((a, b) => (a.validator < b.validator ? -1 : 1))
  const drawn: Address[] = []
  while (left.length > 0) {
    const total = left.reduce((sum, seat) => sum + seat.stake, 0n)
    let ticket = BigInt(hash(seatTag, seed, round, drawn.length)) % total
    const at = left.findIndex((seat) => (ticket -= seat.stake) < 0n)
    drawn.push(left[at]!.validator)
    left.splice(at, 1)
  }
  return drawn
}

const sampleTag = keccakText('assay/sample/1')
const seatTag = keccakText('assay/seat/1')

function hash(tag: Hex, seed: SampleSeed, round = 0, draw = 0): Hex {
  return keccakHex(encodeWords([tag, seed.randomness, seed.root, seed.commitment, round, draw]))
}
