import type { Strategy } from '../economics/strategy.ts'

/** Fakes a share of its shards, drawn at random, once it has so many audited passes. */
export const intermittent: Strategy = {
  name: 'intermittent',
  party: 'provider',
  grid: { share: [0.01, 0.05, 0.2, 0.5], passes: [0, 50, 200] },
  best: { share: 0.01, passes: 200 },
  expects: 'loss',
  create: ({ share = 0.05, passes: least = 0 }, random) => ({
    provider: {
      shard: ({ passes }) => (passes >= least && random.chance(share) ? 'fake' : 'work'),
      afterConviction: 'leave',
    },
  }),
}
