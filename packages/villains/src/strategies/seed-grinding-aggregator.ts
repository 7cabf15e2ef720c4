import type { Strategy } from '../economics/strategy.ts'

/** Proposes an epoch again while the draw would convict its friend, who fakes. */
export const seedGrindingAggregator: Strategy = {
  name: 'seed-grinding-aggregator',
  party: 'aggregator',
  grid: { proposals: [2, 5], fakes: [1, 5], passes: [0, 200] },
  best: { proposals: 2, fakes: 1, passes: 200 },
  expects: 'loss',
  // Alone: what it gains with validators on its side as well is measured among the open questions.
  under: { collusion: 0, laziness: 0 },
  create: ({ proposals = 5, fakes = 1, passes: least = 0 }) => ({
    provider: {
      shard: ({ at, passes }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      aggregator: { proposals },
      afterConviction: 'leave',
    },
  }),
}
