import type { Strategy } from '../economics/strategy.ts'

/** Runs the shard and attests another root, in a share of its audits. */
export const lyingValidator: Strategy = {
  name: 'lying-validator',
  party: 'validator',
  grid: { share: [0.01, 0.1, 1] },
  best: { share: 0.01 },
  expects: 'loss',
  create: ({ share = 1 }, random) => ({
    validator: { seat: () => (random.chance(share) ? 'lie' : 'run') },
  }),
}
