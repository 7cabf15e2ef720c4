import type { Address, ResultRoot, ShardVerdict } from '@assay/protocol'
import { failedRunRoot } from './failed-run-root.ts'
import { verificationPolicy } from './policy.ts'

/** A validator's result, once its opening was checked. */
export interface SeatResult {
  readonly validator: Address
  readonly root: ResultRoot
}
export interface AuditFacts {
  /** Root that the provider opened; absent when it did not open. */
  readonly opened: ResultRoot | undefined
  /** Results of round 0, in drawing order. */
  readonly first: readonly SeatResult[]
  /** Whether a seat of round 0 committed and did not show its result. */
  readonly firstSilent?: boolean
  /** Whether the client demands a panel over an audit that passed. */
  readonly panelDemanded?: boolean
  /** Results of the panel, in drawing order; absent until it has been called. */
  readonly panel: readonly SeatResult[] | undefined
  /** Seats that the draw gives the panel: three, or fewer in a small quorum. */
  readonly panelSeats: number
}
export interface AuditDecision {
  /** `pending`: more results are due. `panel-needed`: round 0 disagrees with the provider, or is doubted. */
  readonly verdict: AuditVerdict
  /** Who found the fault and earns the detector's share of a slash. */
  readonly detector: Address | undefined
  /** Validators whose result lost against a majority. */
  readonly validatorsAtFault: readonly Address[]
}
export type AuditVerdict = Exclude<ShardVerdict, 'unsampled'> | 'pending' | 'panel-needed'

/**
 * The verdict table. It depends on the results alone, not on the order in which they arrived: everything is in drawing
 * order, and a panel is the first three drawn seats that showed a result.
 */
export function decideAudit(facts: AuditFacts): AuditDecision {
  const { opened, first, panel, panelSeats, firstSilent = false, panelDemanded = false } = facts
  const [firstSeat] = first
  if (firstSeat === undefined) return decided('pending')
  if (opened === undefined || opened === failedRunRoot) return decided('provider-fault', firstSeat.validator)
  const agrees = first.every((seat) => seat.root === opened)
  // What a seat hid may have been a mismatch: whoever picks the results that are shown must not decide by it.
  const doubted = firstSilent || panelDemanded
  const panelPossible = panelSeats >= verificationPolicy.panelMajority
  if (agrees && !(doubted && panelPossible)) return decided('passed')
  // Fewer seats than a majority needs can never agree: the exit is the one that hurts nobody.
  if (!panelPossible) return decided('nondeterministic')
  if (panel === undefined) return decided('panel-needed')

  const counted = panel.slice(0, verificationPolicy.panelSeats)
  const majority = majorityRoot(counted)
  if (majority === undefined) return decided(counted.length < panelSeats ? 'pending' : 'nondeterministic')
  const right = [...first, ...panel].filter((seat) => seat.root === majority)
  const wrong = [...first, ...panel].filter((seat) => seat.root !== majority).map((seat) => seat.validator)
  const verdict = verdictOf(majority, opened, first)
  return { verdict, detector: right[0]?.validator, validatorsAtFault: wrong }
}

function verdictOf(majority: ResultRoot, opened: ResultRoot, first: readonly SeatResult[]): AuditVerdict {
  if (majority === opened) return 'provider-right'
  return first.some((seat) => seat.root === majority) ? 'provider-fault' : 'both-wrong'
}

function majorityRoot(results: readonly SeatResult[]): ResultRoot | undefined {
  const enough = (root: ResultRoot): boolean =>
    results.filter((seat) => seat.root === root).length >= verificationPolicy.panelMajority
  return results.find((seat) => enough(seat.root))?.root
}

const decided = (verdict: AuditVerdict, detector?: Address): AuditDecision => ({
  verdict,
  detector,
  validatorsAtFault: [],
})
