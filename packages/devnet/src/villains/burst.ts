import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Shards that it fakes at once: what one window of a short job gives it. */
const burstRuns = 8

/** Fakes all shards of its first window and is honest ever after. */
export const burst: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: (run) => run < burstRuns }) },
]
