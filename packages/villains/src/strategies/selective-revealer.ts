import type { Strategy } from '../economics/strategy.ts'

/** Commits to an audit and opens it only in a share of the cases: what it does not open is not paid. */
export const selectiveRevealer: Strategy = {
  name: 'selective-revealer',
  party: 'validator',
  grid: { share: [0.1, 0.5, 1] },
  best: { share: 0.1 },
  expects: 'loss',
  create: ({ share = 1 }, random) => ({
    validator: { seat: () => (random.chance(share) ? 'withhold' : 'run') },
  }),
}
