import type { AggregatorDeps } from '@assay/aggregator'
import type { ChainReader } from '@assay/core'
import { usdc, type Address } from '@assay/protocol'
import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Gives all work to its friend, a provider that fakes, for as long as the friend has all of its stake. */
export const steeringAggregator: VillainPlay = [
  { party: 'provider', disguise: (ports, stage) => fakeRuns(ports, stage, { isFake: () => true }) },
  {
    party: 'aggregator',
    disguise(ports, stage) {
      const [friend] = stage.own
      return friend === undefined ? ports : preferFriend(ports, friend)
    },
  },
]

/** To its own matching, every other provider has next to no stake, and so no room for a lease. */
function preferFriend(ports: AggregatorDeps, friend: Address): AggregatorDeps {
  const { chain } = ports
  let whole: bigint | undefined
  const operator: ChainReader['operator'] = async (address, signal) => {
    const [asked, preferred] = await Promise.all([chain.operator(address, signal), chain.operator(friend, signal)])
    const stake = preferred?.stake ?? 0n
    whole ??= stake
    const stranger = asked?.provider === true && address !== friend
    return asked !== undefined && stranger && stake > 0n && stake >= whole ? { ...asked, stake: usdc(1n) } : asked
  }
  return { ...ports, chain: { ...chain, operator } }
}
