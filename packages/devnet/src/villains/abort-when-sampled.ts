import { MarketError, protocols } from '@assay/protocol'
import { fakeRuns } from './fake-runs.ts'
import { hookNetwork } from './hook-network.ts'
import type { VillainPlay } from './villain-play.ts'

/** Fakes, and answers nobody who asks it to open. */
export const abortWhenSampled: VillainPlay = [
  {
    party: 'provider',
    disguise(ports, stage) {
      const faking = fakeRuns(ports, stage, { isFake: () => true })
      const network = hookNetwork(ports.network, {
        serve: (protocol, handler) =>
          protocol !== protocols.open
            ? handler
            : async () => {
                stage.note({ kind: 'withheld', by: ports.signer.address, what: 'an opening' })
                throw new MarketError('stream-closed', 'not a word')
              },
      })
      return { ...faking, network }
    },
  },
]
