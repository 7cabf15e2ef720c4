import type { Strategy } from '../economics/strategy.ts'

/** Attests the root of its coalition against an honest provider, as soon as the draws give its side enough later rounds. */
export const framingValidators: Strategy = {
  name: 'framing-validators',
  party: 'validator',
  grid: { rounds: [0, 1, 2, 3, 4] },
  best: { rounds: 2 },
  expects: 'loss',
  create: ({ rounds = 1 }) => ({
    validator: { seat: ({ roundsHeld }) => (roundsHeld >= rounds ? 'frame' : 'run') },
  }),
}
