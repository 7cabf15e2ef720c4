import type { Strategy } from '../economics/strategy.ts'

/** Fakes until it is convicted, and comes back with a new name and a full stake, always a newcomer. */
export const whitewasher: Strategy = {
  name: 'whitewasher',
  party: 'provider',
  grid: { passes: [0, 10, 50, 200], fakes: [1, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      afterConviction: 'rename',
    },
  }),
}
