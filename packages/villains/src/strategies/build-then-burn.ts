import type { Strategy } from '../economics/strategy.ts'

/** Works honestly until it is hardly audited, then fakes so many shards of each epoch until it is convicted. */
export const buildThenBurn: Strategy = {
  name: 'build-then-burn',
  party: 'provider',
  grid: { passes: [10, 40, 80, 120, 200], fakes: [1, 5, 25] },
  best: { passes: 200, fakes: 1 },
  expects: 'loss',
  create({ passes: least = 200, fakes = 25 }) {
    let burning = false
    return {
      provider: {
        shard({ passes, at }) {
          burning ||= passes >= least
          return burning && at < fakes ? 'fake' : 'work'
        },
        afterConviction: 'leave',
      },
    }
  },
}
