import {
  toUnixMs,
  verdictOutcomes,
  type Address,
  type EpochProposal,
  type OrderId,
  type SignedCommit,
  type UnixMs,
} from '@assay/protocol'
import type { ChainFault } from '../ports/disputes.ts'

/** A conviction of a provider, wherever it is known from. */
export interface Conviction {
  readonly provider: Address
  readonly atMs: UnixMs
}
/** Commits of one order in an epoch, and when that closed. */
export interface ClosedCommits {
  readonly closedAtMs: EpochProposal['closedAtMs']
  readonly commits: readonly SignedCommit[]
}

/**
 * Providers whose commits here must all be re-run because of what they did elsewhere: a conviction binds whatever its
 * provider had committed to before it. What is committed later is sampled at the rate of a newcomer, and bound by that.
 */
export function bindingConvictions(
  orderId: OrderId,
  epochs: readonly ClosedCommits[],
  convictions: readonly Conviction[],
): ReadonlySet<Address> {
  const latest = new Map<Address, UnixMs>()
  for (const { provider, atMs } of convictions) if (atMs > (latest.get(provider) ?? -1)) latest.set(provider, atMs)
  const bound = epochs.flatMap(({ closedAtMs, commits }) =>
    commits
      .filter((commit) => commit.orderId === orderId && closedAtMs <= (latest.get(commit.provider) ?? -1))
      .map(({ provider }) => provider),
  )
  return new Set(bound)
}

/** Convictions of a provider that stand on chain, pending ones included. */
export const convictionsOnChain = (provider: Address, faults: readonly ChainFault[]): readonly Conviction[] =>
  faults
    .filter(({ outcome, guilty }) => guilty && onProviders.has(outcome))
    .map(({ recordedAt }) => ({ provider, atMs: toUnixMs(recordedAt) }))

const onProviders: ReadonlySet<number> = new Set([verdictOutcomes.providerFault, verdictOutcomes.equivocation])
