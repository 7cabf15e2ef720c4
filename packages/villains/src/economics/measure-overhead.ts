import { isConviction } from '@assay/core'
import { referenceConditions, type Conditions } from './conditions.ts'
import { judgeCommit } from './judge-commit.ts'
import { createRandom } from './random.ts'
import { createRules } from './rules.ts'
import { createTally, type Estimate } from './statistics.ts'

export interface Overhead {
  /** Extra runs for each run that a client asked for, audits, alternates, panels and ringers together. */
  readonly ours: Estimate
  /** The same of two-way replication on the same shards: the second run, and a third where two differ. */
  readonly replication: Estimate
  /** What `ours` is made of, extra runs a shard. */
  readonly parts: {
    readonly audits: number
    readonly alternates: number
    readonly panels: number
    readonly providerRingers: number
    readonly validatorRingers: number
    /** Shards done again after a conviction. */
    readonly retries: number
  }
  /** Shards looked at. */
  readonly shards: number
}

/** The reference point of the cost: ringers as planned, one seat in fifty silent, one run in a thousand gone wrong. */
const overheadConditions: Conditions = {
  ...referenceConditions,
  passesAtStart: 1_000_000,
  providerRingers: 0.01,
  bitFlip: 0.001,
  noShow: 0.02,
}

/**
 * Extra compute of verification for honest work by providers with `passesAtStart` audited passes. An audit is one run as
 * dear as the shard, so with a fee equal to the price this is also the share of the price that it costs.
 */
export function measureOverhead(
  { shards, seed }: { readonly shards: number; readonly seed: number },
  conditions: Conditions = overheadConditions,
): Overhead {
  const random = createRandom(seed, 'overhead')
  const rate = createRules('ours', conditions).rate(conditions.stakeUsdc, conditions.passesAtStart) / 1_000_000
  const ours = createTally()
  const replication = createTally()
  const parts = { audits: 0, alternates: 0, panels: 0, providerRingers: 0, validatorRingers: 0, retries: 0 }
  for (let shard = 0; shard < shards; shard++) {
    let extra = 0
    const isRinger = random.chance(conditions.providerRingers)
    if (isRinger) {
      // A whole shard that nobody needed, on top of one that somebody did.
      parts.providerRingers += 1
      extra += 1
    }
    for (let work = 0; work < (isRinger ? 2 : 1); work++) {
      if (!random.chance(rate)) continue
      const right = !random.chance(conditions.bitFlip)
      const { runs, verdict } = judgeCommit(
        { right, opened: true, bribed: false, picksSeats: false },
        conditions,
        random,
      )
      const panel = verdict === 'passed' ? 0 : panelRuns
      parts.audits += 1
      parts.alternates += runs - panel - 1
      parts.panels += panel
      extra += runs
      if (isConviction(verdict)) {
        parts.retries += 1
        extra += 1
      }
      if (!random.chance(conditions.validatorRingers)) continue
      parts.validatorRingers += 1
      extra += 1
    }
    ours.add(extra)
    const differ = random.successes(2, conditions.bitFlip) > 0
    replication.add(differ ? 2 : 1)
  }
  const each = <Part extends keyof typeof parts>(part: Part): number => parts[part] / shards
  return {
    ours: ours.estimate(),
    replication: replication.estimate(),
    parts: {
      audits: each('audits'),
      alternates: each('alternates'),
      panels: each('panels'),
      providerRingers: each('providerRingers'),
      validatorRingers: each('validatorRingers'),
      retries: each('retries'),
    },
    shards,
  }
}

const panelRuns = 3
