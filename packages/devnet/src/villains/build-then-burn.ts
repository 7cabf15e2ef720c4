import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Runs it does honestly: one audited pass more than a newcomer needs to be audited less than always. */
const trustRuns = 11

/** Works honestly until not every shard is audited, then fakes everything. */
export const buildThenBurn: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: (run) => run >= trustRuns }) },
]
