/** Which provider gets the next attempt: filters first, then the least loaded one. Posted prices, no bidding. */
import type {
  Address,
  ByteCount,
  DeterminismClass,
  HardwareClass,
  MatchCounts,
  MilliCpus,
  UsdcBase,
} from '@assay/protocol'
import { coversPrice } from '../verify/covers-price.ts'
import { exposureRoom } from '../verify/exposure.ts'

/** A provider as the aggregator sees it now: advert, stake on chain, its own book of leases. */
export interface Candidate {
  readonly provider: Address
  readonly stakeUsdc: UsdcBase
  readonly minPriceUsdc: UsdcBase
  readonly classes: readonly DeterminismClass[]
  /** Keys of its hardware, as it says; audits show whether that is true. */
  readonly hardwareClasses: readonly HardwareClass[]
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
  /** With D2: only hardware of this very key gives the same bytes. */
  readonly hardwareClass?: HardwareClass | undefined
  readonly cpus: MilliCpus
  readonly memoryBytes: ByteCount
  /** Providers that tried this shard before: a retry goes to a different one. */
  readonly tried: ReadonlySet<Address>
}

/** After so many failures in a row a provider gets no work until one succeeds elsewhere or the node restarts. */
export const breakerFailures = 5

/** Why a candidate is passed over. The first that applies counts; `busy` comes last, since it passes by itself. */
type PassOver = keyof Omit<MatchCounts, 'image' | 'convicted'>

const filters: Readonly<Record<PassOver, (candidate: Candidate, need: Need) => boolean>> = {
  tried: ({ provider }, { tried }) => !tried.has(provider),
  failing: ({ failures }) => failures < breakerFailures,
  price: ({ minPriceUsdc }, { priceUsdc }) => minPriceUsdc <= priceUsdc,
  class: ({ classes, hardwareClasses }, { determinism, hardwareClass }) =>
    classes.includes(determinism) && (hardwareClass === undefined || hardwareClasses.includes(hardwareClass)),
  cpus: ({ cpus }, need) => cpus >= need.cpus,
  memory: ({ memoryBytes }, need) => memoryBytes >= need.memoryBytes,
  stake: ({ stakeUsdc, unsettledUsdc }, { priceUsdc }) =>
    coversPrice(stakeUsdc, priceUsdc) && exposureRoom(stakeUsdc, unsettledUsdc) >= priceUsdc,
  busy: ({ busy, slots }) => busy < slots,
}
const passOvers: readonly PassOver[] = ['tried', 'failing', 'price', 'class', 'cpus', 'memory', 'stake', 'busy']

/** The first filter that a candidate fails, or `undefined` when it could take the need now. */
const passedOverBy = (candidate: Candidate, need: Need): PassOver | undefined =>
  passOvers.find((name) => !filters[name](candidate, need))

/** Whether a provider could serve the need at all, load aside. */
export function isEligible(candidate: Candidate, need: Need): boolean {
  const reason = passedOverBy(candidate, need)
  return reason === undefined || reason === 'busy'
}

/** How many candidates fail at each filter; those that pass all are in none of the counts. */
export function countPassedOver(candidates: readonly Candidate[], need: Need): Readonly<Record<PassOver, number>> {
  const counts = { tried: 0, failing: 0, price: 0, class: 0, cpus: 0, memory: 0, stake: 0, busy: 0 }
  for (const candidate of candidates) {
    const reason = passedOverBy(candidate, need)
    if (reason !== undefined) counts[reason] += 1
  }
  return counts
}

/** The least loaded eligible provider with a free slot; ties go to the smaller unsettled sum, then the address. */
export function chooseProvider(candidates: readonly Candidate[], need: Need): Candidate | undefined {
  return candidates.filter((candidate) => passedOverBy(candidate, need) === undefined).toSorted(byLoad)[0]
}

function byLoad(a: Candidate, b: Candidate): number {
  const load = a.busy / a.slots - b.busy / b.slots
  if (load !== 0) return load
  if (a.unsettledUsdc !== b.unsettledUsdc) return a.unsettledUsdc < b.unsettledUsdc ? -1 : 1
  return a.provider < b.provider ? -1 : 1
}
