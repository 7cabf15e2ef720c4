import { fakeRuns } from './fake-runs.ts'
import { sayInstead } from './say-instead.ts'
import type { VillainPlay } from './villain-play.ts'

/** A provider fakes; its friend among the validators attests what the provider made up, and computes everything else. */
export const colludingPair: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true }) },
  {
    party: 'validator',
    disguise: (ports, stage) =>
      sayInstead(ports, (task) => {
        const root = stage.whispers.heard(task)
        if (root !== undefined) stage.note({ kind: 'faked', by: ports.signer.address })
        return root
      }),
  },
]
