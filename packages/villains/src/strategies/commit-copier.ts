import type { Strategy } from '../economics/strategy.ts'

/** Sends the commitment of another: it saves all work, and cannot open it when it is drawn. */
export const commitCopier: Strategy = {
  name: 'commit-copier',
  party: 'provider',
  grid: { passes: [0, 200], fakes: [1, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create: ({ passes: least = 0, fakes = 25 }) => ({
    provider: {
      shard: ({ passes, at }) => (passes >= least && at < fakes ? 'fake' : 'work'),
      opensFakes: false,
      afterConviction: 'leave',
    },
  }),
}
