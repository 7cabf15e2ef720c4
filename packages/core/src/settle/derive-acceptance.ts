import {
  addUsdc,
  deriveResultsRoot,
  portionDown,
  timesUsdc,
  usdc,
  type Address,
  type BasisPoints,
  type Hash32,
  type OperatorEntry,
  type OperatorIndex,
  type Payout,
  type SignedCommit,
  type UsdcBase,
} from '@assay/protocol'
import { fault, type Fault } from '../verify/fault.ts'

/** What a client of class DX pays for the results that it accepts. */
export interface DerivedAcceptance {
  readonly ok: true
  /** By operator number, one a provider. */
  readonly payouts: readonly Payout[]
  /** Rounded down, as the contract caps it. */
  readonly feeUsdc: UsdcBase
  readonly chargedUsdc: UsdcBase
  readonly resultsRoot: Hash32
}
export interface AcceptanceInput {
  readonly priceUsdc: UsdcBase
  readonly feeBps: BasisPoints
  /** The commits that are accepted, at most one a shard, at least one. */
  readonly commits: readonly SignedCommit[]
  readonly operators: readonly OperatorEntry[]
}

/** The price for each accepted commit and the fee on top: the one acceptance that follows from the choice. */
export function deriveAcceptance({
  commits,
  feeBps,
  operators,
  priceUsdc,
}: AcceptanceInput): DerivedAcceptance | Fault {
  if (commits.length === 0) return fault('batch-empty')
  const twice = commits.find(({ shard }, i) => commits.findIndex((other) => other.shard === shard) !== i)
  if (twice !== undefined) return fault('shard-accepted-twice', { shard: twice.shard })
  const indices = new Map<Address, OperatorIndex>(operators.map(({ address, index }) => [address, index]))
  const owed = new Map<OperatorIndex, UsdcBase>()
  for (const { provider } of commits) {
    const index = indices.get(provider)
    if (index === undefined) return fault('operator-missing', { address: provider })
    owed.set(index, addUsdc(owed.get(index) ?? usdc(0n), priceUsdc))
  }
  const work = timesUsdc(priceUsdc, commits.length)
  const feeUsdc = portionDown(work, feeBps)
  return {
    ok: true,
    payouts: [...owed].map(([index, amount]) => ({ index, amount })).toSorted((a, b) => a.index - b.index),
    feeUsdc,
    chargedUsdc: addUsdc(work, feeUsdc),
    resultsRoot: deriveResultsRoot(commits),
  }
}
