import type { Strategy } from '../economics/strategy.ts'

/** Fakes, and offers the auditor a share of the slash for silence. */
export const briber: Strategy = {
  name: 'briber',
  party: 'pair',
  grid: { bribe: [0.1, 0.36, 0.4, 0.6], passes: [0, 50, 200], fakes: [1, 25] },
  best: { bribe: 0.36, passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ bribe = 0.4, passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      bribe,
      afterConviction: 'leave',
    },
  }),
}
