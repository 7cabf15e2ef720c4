import type { AggregatorStore } from '@assay/aggregator'
import type { Address } from '@assay/protocol'
import type { VillainPlay } from './villain-play.ts'

/** Leaves every commit of one provider, the first that sends it one, out of its epochs, and says that it was late. */
export const commitCensoringAggregator: VillainPlay = [
  {
    party: 'aggregator',
    disguise(ports, stage) {
      let victim: Address | undefined
      const { store } = ports
      const updateAttempt: AggregatorStore['updateAttempt'] = (attempt, patch) => {
        if (patch.state !== 'committed' || stage.accomplices.includes(attempt.provider))
          return store.updateAttempt(attempt, patch)
        victim ??= attempt.provider
        if (attempt.provider !== victim) return store.updateAttempt(attempt, patch)
        stage.note({ kind: 'withheld', by: victim, what: 'a commit' })
        const late = { state: 'expired', code: 'attempt-timeout', blame: 'provider' } as const
        return store.updateAttempt(attempt, patch.atMs === undefined ? late : { ...late, atMs: patch.atMs })
      }
      return { ...ports, store: { ...store, updateAttempt } }
    },
  },
]
