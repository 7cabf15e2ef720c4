import { decideAudit, verificationPolicy, type AuditFacts, type AuditVerdict, type SeatResult } from '@assay/core'
import { asAddress, asHash, assertBug, type ResultRoot, type ShardVerdict } from '@assay/protocol'
import type { Conditions } from './conditions.ts'
import type { Random } from './random.ts'

/** A commit that is audited, as far as its verdict depends on it. */
export interface SimCommit {
  readonly right: boolean
  /** Whether its provider opens it. */
  readonly opened: boolean
  /** The auditor was paid to pass it, when it is not the villain's already. */
  readonly bribed: boolean
  /** The aggregator calls honest seats silent as long as alternates of the villain are left. */
  readonly picksSeats: boolean
}
export interface SimJudgement {
  readonly verdict: ShardVerdict
  /** Runs that the audit took. */
  readonly runs: number
  /** Whether the detector of a fault is one of the villain's seats. */
  readonly detectedByFriend: boolean
}

/** What a challenge finds: a client that knows the right answer has a panel look at once. */
export function judgeChallenge(commit: SimCommit, conditions: Conditions, random: Random): SimJudgement {
  const first = [{ validator: seatAddresses[0]!, root: rootOf.right }]
  return withPanel({ commit, first, friend: false, runs: 0 }, conditions, random)
}

/**
 * Draws the seats of one audit and has `core` decide. Seats of the villain pass its fakes, and speak up in a panel only
 * when they hold it, so that they never lose; any other seat computes, or repeats a leaked answer in round 0.
 */
export function judgeCommit(commit: SimCommit, conditions: Conditions, random: Random): SimJudgement {
  const { collusion, laziness, noShow } = conditions
  const seats = commit.picksSeats ? verificationPolicy.auditSeats + verificationPolicy.alternates : 1
  const friend = random.successes(seats, collusion) > 0
  const repeats = !commit.right && (friend || commit.bribed || random.chance(laziness))
  const root = repeats ? rootOf.wrong : honestRun(conditions, random)
  const runs = noShow > 0 && random.chance(noShow) ? 2 : 1
  return withPanel({ commit, first: [{ validator: seatAddresses[0]!, root }], friend, runs }, conditions, random)
}

interface FirstRound {
  readonly commit: SimCommit
  readonly first: readonly SeatResult[]
  readonly friend: boolean
  readonly runs: number
}

function withPanel({ commit, first, friend, runs }: FirstRound, conditions: Conditions, random: Random): SimJudgement {
  const { panelSeats } = verificationPolicy
  const opened = commit.opened ? (commit.right ? rootOf.right : rootOf.wrong) : undefined
  const facts: AuditFacts = { opened, first, panel: undefined, panelSeats }
  const single = decideAudit(facts)
  if (single.verdict !== 'panel-needed') return { verdict: closed(single.verdict), runs, detectedByFriend: friend }

  const panel = drawPanel(commit, conditions, random)
  const { verdict } = decideAudit({ ...facts, panel })
  return { verdict: closed(verdict), runs: runs + panelSeats, detectedByFriend: false }
}

function drawPanel(commit: SimCommit, conditions: Conditions, random: Random): readonly SeatResult[] {
  const { panelSeats, alternates, panelMajority } = verificationPolicy
  const drawn = commit.picksSeats ? panelSeats + alternates : panelSeats
  const friends = Math.min(panelSeats, random.successes(drawn, conditions.collusion))
  const held = !commit.right && friends >= panelMajority
  return Array.from({ length: panelSeats }, (_, seat) => ({
    validator: seatAddresses[1 + seat]!,
    root: held && seat < friends ? rootOf.wrong : honestRun(conditions, random),
  }))
}

/** Every seat that is asked answers, or its alternate does: a simulated audit always ends. */
export function closed(verdict: AuditVerdict): ShardVerdict {
  assertBug(verdict !== 'pending' && verdict !== 'panel-needed', 'a simulated audit is decided')
  return verdict
}

/** The right root, but for a flipped bit: no two flips are alike. */
function honestRun({ bitFlip }: Conditions, random: Random): ResultRoot {
  if (bitFlip === 0 || !random.chance(bitFlip)) return rootOf.right
  return asHash<ResultRoot>(`0x${random.below(0x7fff_ffff).toString(16).padStart(64, '0')}`)
}

const rootOf = { right: asHash<ResultRoot>(`0x${'aa'.repeat(32)}`), wrong: asHash<ResultRoot>(`0x${'bb'.repeat(32)}`) }
const seatAddresses = Array.from({ length: 1 + verificationPolicy.panelSeats }, (_, seat) =>
  asAddress(`0x${(seat + 1).toString(16).padStart(40, '0')}`),
)
