import type { Strategy } from '../economics/strategy.ts'

/** Fakes a share of its shards and does not open those that the seed draws. */
export const abortWhenSampled: Strategy = {
  name: 'abort-when-sampled',
  party: 'provider',
  grid: { share: [0.05, 0.5, 1], passes: [0, 200] },
  best: { share: 0.05, passes: 200 },
  expects: 'loss',
  create: ({ share = 1, passes: least = 0 }, random) => ({
    provider: {
      shard: ({ passes }) => (passes >= least && random.chance(share) ? 'fake' : 'work'),
      opensFakes: false,
      afterConviction: 'leave',
    },
  }),
}
