import type { Strategy } from '../economics/strategy.ts'

/** Tells validators the result, who then compute nothing and share what that saves. */
export const leakingClient: Strategy = {
  name: 'leaking-client',
  party: 'client',
  grid: { leaks: [0.1, 0.5, 1] },
  best: { leaks: 1 },
  expects: 'loss',
  create: ({ leaks = 1 }) => ({
    validator: { seat: ({ leaked }) => (leaked ? 'agree' : 'run'), leaks },
  }),
}
