import { fakeRuns } from './fake-runs.ts'
import type { ProviderRole, VillainPlay } from './villain-play.ts'

/** Identities over which one stake is split. */
const identities = 3

const identity: ProviderRole = {
  party: 'provider',
  stakeDivisor: identities,
  disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true }),
}

/** Splits one stake over several identities and fakes with each. */
export const sybil: VillainPlay = Array.from({ length: identities }, () => identity)
