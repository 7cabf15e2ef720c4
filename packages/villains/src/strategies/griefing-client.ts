import type { Strategy } from '../economics/strategy.ts'

/** Posts a job whose runs now and then differ, to be refunded and to earn on slashes of honest providers. */
export const griefingClient: Strategy = {
  name: 'griefing-client',
  party: 'client',
  grid: { unsteady: [0.01, 0.05, 0.2, 0.5, 1], shards: [1, 25] },
  best: { unsteady: 0.01, shards: 25 },
  expects: 'loss',
  create: ({ unsteady = 0.1, turns = 0, shards }) => ({
    client: { unsteady, turns: turns > 0, ...(shards !== undefined && { shardsEach: shards }) },
  }),
}
