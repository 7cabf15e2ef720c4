import type { Address, ShardVerdict } from '@assay/protocol'

/** One judged commit, as far as reputation cares. Give those of one determinism class, in the order of judgement. */
export interface JudgedCommit {
  readonly provider: Address
  readonly verdict: ShardVerdict
}

/**
 * k for each provider: audited passes in a row since its last conviction. Unaudited commits never count, and
 * nondeterministic ones are nobody's merit or fault. `known` carries counts from earlier.
 */
export function auditedPasses(
  history: Iterable<JudgedCommit>,
  known: ReadonlyMap<Address, number> = new Map(),
): ReadonlyMap<Address, number> {
  const passes = new Map(known)
  for (const { provider, verdict } of history) passes.set(provider, nextPasses(passes.get(provider) ?? 0, verdict))
  return passes
}

/** k after one more verdict. */
export function nextPasses(passes: number, verdict: ShardVerdict): number {
  switch (verdict) {
    case 'passed':
    case 'provider-right':
      return passes + 1
    case 'provider-fault':
    case 'both-wrong':
      return 0
    case 'unsampled':
    case 'nondeterministic':
      return passes
  }
}
