import type { Strategy } from '../economics/strategy.ts'

/** Fakes, and signs a second, right commit for the attempt once the seed has drawn it: two signatures convict. */
export const equivocator: Strategy = {
  name: 'equivocator',
  party: 'provider',
  grid: { passes: [0, 200], fakes: [1, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'equivocate' : 'work'),
      afterConviction: 'leave',
    },
  }),
}
