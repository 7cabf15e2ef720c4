import type { Strategy } from '../economics/strategy.ts'

/** Runs on cheaper hardware than its class: real work, and other bytes in half of the shards or more. */
export const fakeHardwareClass: Strategy = {
  name: 'fake-hardware-class',
  party: 'provider',
  grid: { cost: [0.3, 0.6, 0.9], differs: [0.5, 1], fakes: [1, 25] },
  best: { cost: 0.3, differs: 0.5, fakes: 1 },
  expects: 'loss',
  create: ({ cost = 0.6, differs = 1, fakes = 25 }) => ({
    provider: {
      shard: ({ at }) => (at < fakes ? 'fake' : 'work'),
      fakeCost: cost,
      fakeRight: 1 - differs,
      afterConviction: 'leave',
    },
  }),
}
