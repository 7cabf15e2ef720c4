import type { Strategy } from '../economics/strategy.ts'

/** Fakes a share of its shards; the colluding seats pass them, and take their share of a slash when one cannot be helped. */
export const colludingPair: Strategy = {
  name: 'colluding-pair',
  party: 'pair',
  grid: { passes: [0, 50, 200], fakes: [1, 5, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      ownsSeats: true,
      afterConviction: 'leave',
    },
  }),
}
