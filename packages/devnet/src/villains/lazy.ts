import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Computes the first half of every file and makes up the rest. */
export const lazy: VillainPlay = [
  {
    party: 'provider',
    disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true, from: (size) => Math.floor(size / 2) }),
  },
]
