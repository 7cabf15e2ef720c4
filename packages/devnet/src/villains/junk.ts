import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Returns bytes that look right and were never computed, on every shard. */
export const junk: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true }) },
]
