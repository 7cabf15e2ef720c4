import { asHash, isSampled, keccakText, ppm, type Commitment, type EpochRoot, type Hash32 } from '@assay/protocol'
import { createRandom, type Random } from './random.ts'
import { createTally, type Estimate } from './statistics.ts'

/** What an aggregator could vary in search of a kinder draw. */
export type Ground = 'ids' | 'seeds' | 'timings'

export interface Grinding {
  readonly ground: Ground
  readonly ratePpm: number
  readonly sampled: Estimate
}

/**
 * The sample rate over many tries of one thing, all else equal, with the draw of `protocol` itself: `ids` varies the
 * commitment, in which order, shard, attempt and salt are hashed; `timings` varies which round's randomness comes out;
 * `seeds` varies the epoch root.
 */
export async function measureGrinding(
  ground: Ground,
  { tries, seed, ratePpm, pause }: GrindingEffort,
): Promise<Grinding> {
  const random = createRandom(seed, `grinding ${ground}`)
  const fixed = (name: string) => keccakText(`assay/grinding/1\n${seed}\n${ground}\n${name}`)
  const kept = { randomness: fixed('randomness'), root: fixed('root'), commitment: fixed('commitment') }
  const tally = createTally()
  for (let at = 0; at < tries; at++) {
    if (at % triesBetweenPauses === 0) await pause?.()
    const varied = hash32(random)
    const draw = {
      randomness: asHash<Hash32>(ground === 'timings' ? varied : kept.randomness),
      root: asHash<EpochRoot>(ground === 'seeds' ? varied : kept.root),
      commitment: asHash<Commitment>(ground === 'ids' ? varied : kept.commitment),
    }
    tally.add(isSampled(draw, ppm(ratePpm)) ? 1 : 0)
  }
  return { ground, ratePpm, sampled: tally.estimate() }
}

export interface GrindingEffort {
  readonly tries: number
  readonly seed: number
  readonly ratePpm: number
  readonly pause?: () => Promise<void>
}

const triesBetweenPauses = 2_000

function hash32(random: Random): `0x${string}` {
  let text = ''
  for (let word = 0; word < 8; word++)
    text += Math.floor(random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  return `0x${text}`
}
