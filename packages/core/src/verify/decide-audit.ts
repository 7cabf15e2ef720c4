import type { Address, ResultRoot, ShardVerdict } from '@assay/protocol'
import { failedRunRoot } from './failed-run-root.ts'
import { verificationPolicy } from './policy.ts'

/** A validator's result, once its opening was checked. */
export interface SeatResult {
  readonly validator: Address
  readonly root: ResultRoot
  /** Class D3: other results that it signed to agree with its own. Absent, only an equal one agrees. */
  readonly agrees?: ReadonlySet<ResultRoot>
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
 *
 * Results are not put into classes, for agreement within a tolerance is not transitive: each result has the seats of the
 * panel that agree with it behind it, and nothing is ever concluded from A ~ B and B ~ C about A and C. Where agreement is
 * equality, that is the plain majority.
 */
export function decideAudit(facts: AuditFacts): AuditDecision {
  const { opened, first, panel, panelSeats, firstSilent = false, panelDemanded = false } = facts
  const [firstSeat] = first
  if (firstSeat === undefined) return decided('pending')
  if (opened === undefined || opened === failedRunRoot) return decided('provider-fault', firstSeat.validator)
  const agrees = first.every((seat) => says(seat, opened))
  // What a seat hid may have been a mismatch: whoever picks the results that are shown must not decide by it.
  const doubted = firstSilent || panelDemanded
  const panelPossible = panelSeats >= verificationPolicy.panelMajority
  if (agrees && !(doubted && panelPossible)) return decided('passed')
  // Fewer seats than a majority needs can never agree: the exit is the one that hurts nobody.
  if (!panelPossible) return decided('nondeterministic')
  if (panel === undefined) return decided('panel-needed')

  const counted = panel.slice(0, verificationPolicy.panelSeats)
  const due = Math.max(0, Math.min(panelSeats, verificationPolicy.panelSeats) - counted.length)
  const bench = createBench(counted, due)
  const seats = [...first, ...panel]
  const groups = [
    { verdict: 'provider-right', results: [{ root: opened }] },
    { verdict: 'provider-fault', results: first.map((seat) => ({ root: seat.root, seat, round: 0 })) },
    { verdict: 'both-wrong', results: counted.map((seat) => ({ root: seat.root, seat, round: 1 })) },
  ] as const
  for (const { verdict, results } of groups) {
    const best = bench.best(results)
    if (best !== undefined) {
      const right = seats.filter((seat, i) => agree(nodeOf(seat, i, first.length), best))
      const wrong = seats.filter((seat, i) => !right.includes(seat) && !bench.mayWin(nodeOf(seat, i, first.length)))
      return { verdict, detector: right[0]?.validator, validatorsAtFault: wrong.map(({ validator }) => validator) }
    }
    // What is still due could put a majority behind a result that comes before the others.
    if (results.some((result) => bench.mayWin(result))) return decided('pending')
  }
  return decided(due > 0 ? 'pending' : 'nondeterministic')
}

/** A result and where it comes from; the provider's has no seat. */
interface Result {
  readonly root: ResultRoot
  readonly seat?: SeatResult
  readonly round?: number
}

const nodeOf = (seat: SeatResult, i: number, firstCount: number): Result => ({
  root: seat.root,
  seat,
  round: i < firstCount ? 0 : 1,
})

/** The seats of the panel as they stand behind results. `due`: results that are still to come. */
function createBench(counted: readonly SeatResult[], due: number) {
  const behind = (result: Result): number =>
    counted.filter((seat) => agree({ root: seat.root, seat, round: 1 }, result)).length
  return {
    /** The result with the most seats behind it, if that is a majority; the earlier of two with as many. */
    best(results: readonly Result[]): Result | undefined {
      let best: Result | undefined
      for (const result of results)
        if (behind(result) >= verificationPolicy.panelMajority && (best === undefined || behind(result) > behind(best)))
          best = result
      return best
    },
    /** Whether a majority is behind a result, or can still come to be. */
    mayWin: (result: Result): boolean => behind(result) + due >= verificationPolicy.panelMajority,
  }
}

/** Two seats of one round must both say so; of two rounds the later one says it, which has seen the earlier. */
function agree(a: Result, b: Result): boolean {
  if (a.root === b.root) return true
  const [seatA, seatB] = [a.seat, b.seat]
  if (seatA === undefined || seatB === undefined) {
    const seat = seatA ?? seatB
    return seat !== undefined && says(seat, seat === seatA ? b.root : a.root)
  }
  if (a.round === b.round) return says(seatA, b.root) && says(seatB, a.root)
  return (a.round ?? 0) > (b.round ?? 0) ? says(seatA, b.root) : says(seatB, a.root)
}

/** A failed run is no result that another could be near. */
const says = (seat: SeatResult, root: ResultRoot): boolean =>
  seat.root === root ||
  (seat.root !== failedRunRoot && root !== failedRunRoot && seat.agrees !== undefined && seat.agrees.has(root))

const decided = (verdict: AuditVerdict, detector?: Address): AuditDecision => ({
  verdict,
  detector,
  validatorsAtFault: [],
})
