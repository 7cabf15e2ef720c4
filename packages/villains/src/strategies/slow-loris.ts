import type { Strategy } from '../economics/strategy.ts'

/** Takes leases and lets each run out: it saves the work and is paid nothing. */
export const slowLoris: Strategy = {
  name: 'slow-loris',
  party: 'provider',
  grid: {},
  expects: 'loss',
  create: () => ({ provider: { shard: () => 'skip' } }),
}
