import { referenceConditions, type Conditions } from './conditions.ts'
import { isConviction } from '@assay/core'
import { judgeCommit } from './judge-commit.ts'
import { createRandom } from './random.ts'
import { captured, createTally, type Estimate } from './statistics.ts'

export interface PanelCapture {
  readonly seats: number
  readonly collusion: number
  /** Share of drawn panels with a majority of colluding seats. */
  readonly measured: Estimate
  /** The binomial's exact share. */
  readonly exact: number
}

/** How often a drawn panel falls to a coalition, for every size and share. */
export function measurePanels(
  sizes: readonly number[],
  shares: readonly number[],
  { panels, seed }: { readonly panels: number; readonly seed: number },
): readonly PanelCapture[] {
  return sizes.flatMap((seats) =>
    shares.map((collusion) => {
      const random = createRandom(seed, `panel ${seats} ${collusion}`)
      const tally = createTally()
      for (let panel = 0; panel < panels; panel++) tally.add(random.successes(seats, collusion) * 2 > seats ? 1 : 0)
      return { seats, collusion, measured: tally.estimate(), exact: captured(seats, collusion) }
    }),
  )
}

/** Chance that a sampled fake is convicted, beside (1−β)(1−f)(1−ω) with the panel of three that is built. */
export function measureCatch(
  collusion: number,
  { audits, seed }: { readonly audits: number; readonly seed: number },
): { readonly measured: Estimate; readonly expected: number } {
  const conditions: Conditions = { ...referenceConditions, collusion }
  const random = createRandom(seed, `catch ${collusion}`)
  const tally = createTally()
  const fake = { right: false, opened: true, bribed: false, picksSeats: false }
  for (let audit = 0; audit < audits; audit++)
    tally.add(isConviction(judgeCommit(fake, conditions, random).verdict) ? 1 : 0)
  const expected = (1 - conditions.laziness) * (1 - collusion) * (1 - captured(3, collusion))
  return { measured: tally.estimate(), expected }
}
