import type { VillainPlay } from './villain-play.ts'

/** Buys work that gives something else on every machine. */
export const griefingClient: VillainPlay = [
  {
    party: 'client',
    play: async ({ buy }) => {
      await buy(['cat', '/proc/sys/kernel/random/uuid'], 3)
    },
  },
]
