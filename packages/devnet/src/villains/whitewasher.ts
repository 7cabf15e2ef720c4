import { MarketError, protocols, type Address } from '@assay/protocol'
import type { ProviderDeps } from '@assay/provider'
import { fakeRuns } from './fake-runs.ts'
import { hookNetwork } from './hook-network.ts'
import type { VillainPlay } from './villain-play.ts'

/** Fakes until convicted, then returns under a second name with a second stake. */
export const whitewasher: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true }) },
  {
    party: 'provider',
    comesLate: true,
    disguise(ports, stage) {
      const faking = fakeRuns(ports, stage, { isFake: () => true })
      const [first] = stage.own
      return first === undefined ? faking : hideUntilSlashed(faking, first)
    },
  },
]

/** Shows nobody an advert while the first name has all of its stake. */
function hideUntilSlashed(ports: ProviderDeps, first: Address): ProviderDeps {
  const { chain, network, signer } = ports
  const hidden = hookNetwork(network, {
    serve: (protocol, handler) =>
      protocol !== protocols.advert
        ? handler
        : async (stream, remote, signal) => {
            const [before, own] = await Promise.all([
              chain.operator(first, signal),
              chain.operator(signer.address, signal),
            ])
            if ((before?.stake ?? 0n) >= (own?.stake ?? 0n)) throw new MarketError('stream-closed', 'not here yet')
            await handler(stream, remote, signal)
          },
  })
  return { ...ports, network: hidden }
}
