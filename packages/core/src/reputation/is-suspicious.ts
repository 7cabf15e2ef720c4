/**
 * Whether a run was so much quicker than the others of its job that it should be audited for certain: under a fifth of
 * their median, with at least four to compare. Times are in milliseconds and only the aggregator's own, so this can only
 * raise a rate: no validator asks for it.
 */
export function isSuspicious(runMs: number, othersMs: readonly number[]): boolean {
  if (othersMs.length < enoughRuns) return false
  const sorted = othersMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  // Below a second the noise of a machine is larger than what a cheat could save.
  return median >= leastMs && runMs * suspectShare < median
}

const enoughRuns = 4
const suspectShare = 5
const leastMs = 1_000
