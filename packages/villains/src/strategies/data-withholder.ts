import type { Strategy } from '../economics/strategy.ts'

/** Commits and never hands over the sealed result: the commit is not taken, and it is paid nothing. */
export const dataWithholder: Strategy = {
  name: 'data-withholder',
  party: 'provider',
  grid: { computed: [0, 1] },
  best: { computed: 0 },
  expects: 'loss',
  create: ({ computed = 0 }) => ({ provider: { shard: () => 'withhold', fakeCost: computed } }),
}
