import type { Strategy } from '../economics/strategy.ts'

/** Computes a part of each shard and makes up the rest: it saves less and is as wrong. */
export const lazy: Strategy = {
  name: 'lazy',
  party: 'provider',
  grid: { computed: [0.25, 0.5, 0.75, 0.95], passes: [0, 200], fakes: [1, 25] },
  best: { computed: 0.25, passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ computed = 0.5, passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      fakeCost: computed,
      afterConviction: 'leave',
    },
  }),
}
