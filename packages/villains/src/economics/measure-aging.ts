import { nextPasses } from '@assay/core'
import { referenceConditions } from './conditions.ts'
import { createRandom } from './random.ts'
import { createRules } from './rules.ts'
import { createTally } from './statistics.ts'
import type { SweepPoint } from './sweep.ts'

/** Audits of honest newcomers by the number of shards they have done: x shards before, y audited, % of the next ones. */
export function measureAging({
  providers,
  seed,
}: {
  readonly providers: number
  readonly seed: number
}): readonly SweepPoint[] {
  const { stakeUsdc } = referenceConditions
  const rules = createRules('ours', referenceConditions)
  const random = createRandom(seed, 'aging')
  const bins = binEdges.slice(1).map(() => createTally())
  for (let provider = 0; provider < providers; provider++) {
    let [passes, bin, audits] = [0, 0, 0]
    for (let shard = 0; shard < binEdges.at(-1)!; shard++) {
      const sampled = random.chance(rules.rate(stakeUsdc, passes) / 1_000_000)
      passes = nextPasses(passes, sampled ? 'passed' : 'unsampled')
      audits += sampled ? 1 : 0
      if (shard + 1 < binEdges[bin + 1]!) continue
      bins[bin]!.add((100 * audits) / (binEdges[bin + 1]! - binEdges[bin]!))
      bin += 1
      audits = 0
    }
  }
  return bins.map((tally, bin) => {
    const { mean, standardError } = tally.estimate()
    return { x: Math.max(1, binEdges[bin]!), y: mean, standardError }
  })
}

const binEdges = [0, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
