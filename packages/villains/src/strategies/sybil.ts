import type { Strategy } from '../economics/strategy.ts'

/** Splits one stake over several names, and fakes with each once it has so many audited passes. */
export const sybil: Strategy = {
  name: 'sybil',
  party: 'provider',
  grid: { identities: [2, 5, 25], passes: [0, 50], fakes: [1, 25] },
  best: { identities: 2, passes: 50, fakes: 1 },
  expects: 'loss',
  create: ({ identities = 5, passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      identities,
      afterConviction: 'leave',
    },
  }),
}
