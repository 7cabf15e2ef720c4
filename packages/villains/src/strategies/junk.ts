import type { Strategy } from '../economics/strategy.ts'

/** Fakes every shard it gets, from the first day. */
export const junk: Strategy = {
  name: 'junk',
  party: 'provider',
  grid: { shards: [1, 4, 25] },
  best: { shards: 25 },
  expects: 'loss',
  create: ({ shards = 25 }) => ({
    provider: { shard: () => 'fake', epochShards: shards, afterConviction: 'stay' },
  }),
}
