import type { Strategy } from '../economics/strategy.ts'

/** Gives all work to a friend, who fakes some of it once it is hardly audited. */
export const steeringAggregator: Strategy = {
  name: 'steering-aggregator',
  party: 'aggregator',
  grid: { passes: [0, 50, 200], fakes: [1, 5, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ passes: least = 0, fakes = 25, picks = 0 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      aggregator: { picksSeats: picks > 0 },
      afterConviction: 'leave',
    },
  }),
}
