import { decideAudit, verificationPolicy, type SeatResult } from '@assay/core'
import { asAddress, asHash, type ResultRoot } from '@assay/protocol'
import { contractMoney, simLimits } from '../limits.ts'
import type { SimMarket } from './play-provider.ts'
import type { Random } from './random.ts'
import type { Career, SeatMove, ValidatorMoves } from './strategy.ts'

/**
 * One career of a validator in the seat of the single audit, over honest providers; its friends are the colluding share
 * of all other seats. Its gain is what it and they have more than the fee of an honest audit, less its cost.
 */
export function playValidator(moves: ValidatorMoves, { conditions, rules }: SimMarket, random: Random): Career {
  const { auditFeeUsdc, auditCostUsdc, validatorStakeUsdc, validatorRingers } = conditions
  let [stakeUsdc, gainUsdc, units, convictions, attacks, runs, slashedUsdc, faults] = [
    validatorStakeUsdc,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]
  while (units < simLimits.careerEpochs && stakeUsdc >= auditFeeUsdc) {
    const leaked = random.chance(moves.leaks ?? 0)
    const friends = drawFriends(rules.benches, conditions.collusion, random)
    const move = moves.seat({ audit: units, leaked, roundsHeld: roundsHeld(friends) })
    units += 1
    if (move !== 'run') attacks += 1
    gainUsdc -= auditFeeUsdc - auditCostUsdc
    if (move === 'run' || move === 'lie') gainUsdc -= auditCostUsdc
    if (move === 'withhold') continue
    // Paid whatever the verdict.
    gainUsdc += auditFeeUsdc
    const isRinger = leaked && random.chance(validatorRingers)
    const judged = judgeSeat(move === 'agree' && !leaked ? 'guess' : move, isRinger, friends)
    runs += judged.runs
    if (judged.overturned || judged.atFault) {
      const loss = rules.validatorSlash(stakeUsdc, faults)
      // Friends who voted for a frame that an appeal overturned lose as well, each for the first time.
      const friendsLoss = judged.overturned ? judged.friends * rules.validatorSlash(validatorStakeUsdc, 0) : 0
      stakeUsdc -= loss
      gainUsdc -= loss + friendsLoss
      slashedUsdc += loss + friendsLoss
      convictions += judged.overturned ? 1 + judged.friends : 1
      faults += 1
      if (moves.leavesConvicted === true) break
    } else if (judged.framed) {
      const slashUsdc = rules.slash(conditions.stakeUsdc, rules.rate(conditions.stakeUsdc, Number.MAX_SAFE_INTEGER))
      gainUsdc += Math.floor((slashUsdc * contractMoney.detectorBps) / 10_000)
    }
  }
  return { gainUsdc, epochs: units, units, convictions, attacks, runs, slashedUsdc }
}

/** Friends among the seats of the panel and of each bench of appeal. */
interface DrawnFriends {
  readonly panel: number
  readonly benches: readonly { readonly seats: number; readonly friends: number }[]
}

const drawFriends = (benches: readonly number[], share: number, random: Random): DrawnFriends => ({
  panel: random.successes(verificationPolicy.panelSeats, share),
  benches: benches.map((seats) => ({ seats, friends: random.successes(seats, share) })),
})

const isHeld = ({ seats, friends }: { readonly seats: number; readonly friends: number }): boolean =>
  friends * 2 > seats

function roundsHeld({ panel, benches }: DrawnFriends): number {
  const rounds = [panel >= verificationPolicy.panelMajority, ...benches.map(isHeld)]
  const end = rounds.indexOf(false)
  return end < 0 ? rounds.length : end
}

interface SeatJudgement {
  /** The provider stays convicted, with the villain as detector. */
  readonly framed: boolean
  /** It was convicted, and an appeal found it right. */
  readonly overturned: boolean
  /** A majority outvoted the villain. */
  readonly atFault: boolean
  /** Friends who voted with it. */
  readonly friends: number
  readonly runs: number
}

/** An honest provider appeals as often as it can, so the last bench has the last word. */
function judgeSeat(move: SeatMove, isRinger: boolean, { panel, benches }: DrawnFriends): SeatJudgement {
  // A ringer's leaked answer is wrong; its owner challenges whoever repeats it.
  const root =
    move === 'run' || (move === 'agree' && !isRinger) ? rootOf.right : move === 'frame' ? rootOf.frame : rootOf.own
  const first: readonly SeatResult[] = [{ validator: own, root }]
  const { panelSeats } = verificationPolicy
  const facts = { opened: rootOf.right, first, panel: undefined, panelSeats }
  const single = decideAudit(facts)
  if (single.verdict !== 'panel-needed')
    return { framed: false, overturned: false, atFault: false, friends: 0, runs: 1 }
  const voters = move === 'frame' ? panel : 0
  const seats = Array.from({ length: panelSeats }, (_, seat) => ({
    validator: others[seat]!,
    root: seat < voters ? rootOf.frame : rootOf.right,
  }))
  const { verdict, validatorsAtFault } = decideAudit({ ...facts, panel: seats })
  const last = benches.at(-1)
  const stands = verdict === 'provider-fault' && (last === undefined || isHeld(last))
  return {
    framed: stands,
    overturned: verdict === 'provider-fault' && !stands,
    atFault: validatorsAtFault.includes(own),
    friends: voters,
    runs: 1 + panelSeats,
  }
}

const rootOf = {
  right: asHash<ResultRoot>(`0x${'aa'.repeat(32)}`),
  frame: asHash<ResultRoot>(`0x${'cc'.repeat(32)}`),
  own: asHash<ResultRoot>(`0x${'dd'.repeat(32)}`),
}
const own = asAddress(`0x${'01'.padStart(40, '0')}`)
const others = Array.from({ length: verificationPolicy.panelSeats }, (_, seat) =>
  asAddress(`0x${(seat + 2).toString(16).padStart(40, '0')}`),
)
