/**
 * Ringers: real jobs whose right answer their owner knows, because somebody was paid for it before. What is decided here
 * follows from what ordinary clients did, so that shape, price and hour of a ringer say nothing about it.
 */
import type { Ppm, ResultRoot } from '@assay/protocol'

/** 32 bits of chance each, from whoever runs the ringers. */
export type RandomWord = () => number

/**
 * Which settled jobs to replay: each by itself with probability `share`, whole and unchanged. A sample of ordinary jobs has
 * the prices and sizes of ordinary jobs.
 */
export function drawDonors<T>(settled: readonly T[], share: Ppm, random: RandomWord): readonly T[] {
  return settled.filter(() => random() * 1_000_000 < share * words)
}

/** How long to wait before the next ringer: a pause that an ordinary client made. 0 when none was seen. */
export function drawPauseMs(pausesMs: readonly number[], random: RandomWord): number {
  return pausesMs[Math.floor((random() / words) * pausesMs.length)] ?? 0
}

/** A shard and the root of its result. */
export interface KnownRoot {
  readonly shard: number
  readonly resultRoot: ResultRoot
}

/** Shards whose new result is not the known one. A shard without a new result shows nothing either way. */
export function findMismatches(known: readonly KnownRoot[], got: readonly KnownRoot[]): readonly number[] {
  const roots = new Map(known.map(({ shard, resultRoot }) => [shard, resultRoot]))
  return got.flatMap(({ shard, resultRoot }) => {
    const right = roots.get(shard)
    return right === undefined || right === resultRoot ? [] : [shard]
  })
}

const words = 2 ** 32
