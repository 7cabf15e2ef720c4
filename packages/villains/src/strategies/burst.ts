import type { Strategy } from '../economics/strategy.ts'

/** Works honestly until it is hardly audited, then fakes many shards of one window at once, and leaves. */
export const burst: Strategy = {
  name: 'burst',
  party: 'provider',
  grid: { passes: [0, 50, 200], fakes: [1, 5, 25, 256] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create({ passes: least = 200, fakes = 256 }) {
    let burst: number | undefined
    return {
      provider: {
        leaves: ({ epoch }) => burst !== undefined && epoch > burst,
        shard({ epoch, passes, at }) {
          if (passes >= least) burst ??= epoch
          return burst !== undefined && at < fakes ? 'fake' : 'work'
        },
        afterConviction: 'leave',
      },
    }
  },
}
