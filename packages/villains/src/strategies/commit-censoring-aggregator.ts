import type { Strategy } from '../economics/strategy.ts'

/** Leaves a share of the commits of others out, for a friend to do the shards again. */
export const commitCensoringAggregator: Strategy = {
  name: 'commit-censoring-aggregator',
  party: 'aggregator',
  grid: { share: [0.05, 0.5] },
  best: { share: 0.05 },
  expects: 'loss',
  create: ({ share = 0.5 }) => ({
    provider: { shard: () => 'work', aggregator: { censors: share } },
  }),
}
