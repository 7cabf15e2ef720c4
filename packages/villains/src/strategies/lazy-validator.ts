import type { Strategy } from '../economics/strategy.ts'

/** Attests without running anything: guesses, or repeats an answer when one leaked. */
export const lazyValidator: Strategy = {
  name: 'lazy-validator',
  party: 'validator',
  grid: { leaks: [0, 0.5, 1], leaves: [0, 1] },
  best: { leaks: 1, leaves: 1 },
  expects: 'loss',
  create: ({ leaks = 1, leaves = 0 }) => ({
    validator: { seat: ({ leaked }) => (leaked ? 'agree' : 'guess'), leaks, leavesConvicted: leaves > 0 },
  }),
}
