import type { Strategy } from '../economics/strategy.ts'

/** Proposes an epoch again while the draw would convict its friend, who fakes. */
export const seedGrindingAggregator: Strategy = {
  name: 'seed-grinding-aggregator',
  party: 'aggregator',
  grid: { proposals: [2, 100], fakes: [1, 5], passes: [0, 200] },
  best: { proposals: 100, fakes: 1, passes: 200 },
  expects: 'loss',
  create: ({ proposals = 5, fakes = 1, passes: least = 0 }) => ({
    provider: {
      shard: ({ at, passes }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      aggregator: { proposals },
      afterConviction: 'leave',
    },
  }),
}
