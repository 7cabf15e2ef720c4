/** Which provider gets the next attempt: filters first, then the least loaded one. Posted prices, no bidding. */
import type { Address, ByteCount, DeterminismClass, MilliCpus, UsdcBase } from '@assay/protocol'
import { exposureRoom } from '../verify/exposure.ts'

/** A provider as the aggregator sees it now: advert, stake on chain, its own book of leases. */
export interface Candidate {
  readonly provider: Address
  readonly stakeUsdc: UsdcBase
  readonly minPriceUsdc: UsdcBase
  readonly classes: readonly DeterminismClass[]
  readonly cpus: MilliCpus
  readonly memoryBytes: ByteCount
  readonly slots: number
  /** Attempts it runs for this aggregator now. */
  readonly busy: number
  /** Sum of the prices of its leases that are not settled. */
  readonly unsettledUsdc: UsdcBase
  /** Failures in a row; a breaker opens at `breakerFailures`. */
  readonly failures: number
}
export interface Need {
  readonly priceUsdc: UsdcBase
  readonly determinism: DeterminismClass
  readonly cpus: MilliCpus
  readonly memoryBytes: ByteCount
  /** Providers that tried this shard before: a retry goes to a different one. */
  readonly tried: ReadonlySet<Address>
}

/** After so many failures in a row a provider gets no work until one succeeds elsewhere or the node restarts. */
export const breakerFailures = 5

/** Whether a provider could serve the need at all, load aside. */
export const isEligible = (candidate: Candidate, need: Need): boolean =>
  !need.tried.has(candidate.provider) &&
  candidate.failures < breakerFailures &&
  candidate.minPriceUsdc <= need.priceUsdc &&
  candidate.classes.includes(need.determinism) &&
  candidate.cpus >= need.cpus &&
  candidate.memoryBytes >= need.memoryBytes &&
  exposureRoom(candidate.stakeUsdc, candidate.unsettledUsdc) >= need.priceUsdc

/** The least loaded eligible provider with a free slot; ties go to the smaller unsettled sum, then the address. */
export function chooseProvider(candidates: readonly Candidate[], need: Need): Candidate | undefined {
  const open = candidates.filter((candidate) => candidate.busy < candidate.slots && isEligible(candidate, need))
  return open.toSorted(byLoad)[0]
}

function byLoad(a: Candidate, b: Candidate): number {
  const load = a.busy / a.slots - b.busy / b.slots
  if (load !== 0) return load
  if (a.unsettledUsdc !== b.unsettledUsdc) return a.unsettledUsdc < b.unsettledUsdc ? -1 : 1
  return a.provider < b.provider ? -1 : 1
}
