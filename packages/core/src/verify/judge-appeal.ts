import {
  deriveCommitment,
  verdictOutcomes,
  type Address,
  type Appeal,
  type Audit,
  type ResultRoot,
  type Verdict,
} from '@assay/protocol'
import { appealRound, appealSeats, appealSize, satBefore } from './appeal-seats.ts'
import { decideAppeal } from './decide-appeal.ts'
import { failedRunRoot } from './failed-run-root.ts'
import { fault, type Fault } from './fault.ts'
import type { AuditCase } from './judge-audit.ts'
import { readRound } from './read-round.ts'

/** A verdict under appeal. Its audit is judged by then: see `judgeAudit`. */
export interface AppealCase extends AuditCase {
  readonly verdict: Pick<Verdict, 'accused' | 'outcome'>
  /** Appeals that were ruled on before this one, in order. */
  readonly before: readonly Appeal[]
  readonly appeal: Appeal
}
export interface JudgedAppeal {
  readonly ok: true
  /** `none`: no majority, so nobody rules and what stood before stands. */
  readonly ruling: 'guilty' | 'innocent' | 'none'
  /** What the majority found. */
  readonly majority: ResultRoot | undefined
  /** Validators of the audit and of all appeals whose result is another, each once; empty without a majority. */
  readonly outvoted: readonly Address[]
  /** First seat of this appeal, in drawing order, that found the majority. */
  readonly detector: Address | undefined
}

/**
 * Judges one appeal: the bench with its stakes, the draw, every signature and opening, and what the majority says of the
 * accused. Nothing in it depends on the order of commits or attestations.
 */
export function judgeAppeal(input: AppealCase): JudgedAppeal | Fault {
  const { market, audit, before, appeal } = input
  const bad = checkAppeal(input)
  if (bad !== undefined) return bad
  const { commitment } = audit
  const { seats, alternates } = drawnFor(input)
  const round = appealRound(appeal.round)
  const shown = readRound(appeal, { market, commitment, round, drawn: [...seats, ...alternates] })
  if ('fault' in shown) return shown
  const majority = decideAppeal({ results: shown.results, size: appealSize(appeal.round) })
  if (majority === undefined) return { ok: true, ruling: 'none', majority, outvoted: [], detector: undefined }
  const attested = [...audit.rounds, ...before, appeal].flatMap(({ attestations }) => attestations)
  const outvoted = attested.filter(({ resultRoot }) => resultRoot !== majority).map(({ validator }) => validator)
  const detector = shown.results.find(({ root }) => root === majority)?.validator
  return { ok: true, ruling: ruleOn(input, majority), majority, outvoted: [...new Set(outvoted)], detector }
}

function checkAppeal({ market, commit, determinism, audit, before, appeal }: AppealCase): Fault | undefined {
  const { bench, seats, round, opening } = appeal
  // A bench says nothing of results that agree without being equal, and by roots alone it would convict honest ones.
  if (determinism === 'D3') return fault('class-unsettleable', { determinism })
  if (round !== before.length + 1) return fault('rounds-too-many', { appeal: round, before: before.length })
  const members = bench.members.toSorted()
  if (new Set(members).size !== members.length || bench.threshold > members.length)
    return fault('quorum-malformed', { members: members.length, threshold: bench.threshold })
  if (seats.length !== members.length || seats.some(({ validator }, i) => validator !== members[i]))
    return fault('seats-mismatch', { seats: seats.length, members: members.length })
  if (opening === undefined) return undefined
  if (audit.opening !== undefined || deriveCommitment(market, commit, opening) !== commit.commitment)
    return fault('opening-mismatch', { commitment: commit.commitment })
  return undefined
}

function drawnFor({ commit, terms, proposal, beacon, audit, verdict, before, appeal }: AppealCase) {
  const { commitment, provider } = commit
  const { accused } = verdict
  const { client } = terms
  const earlier = satBefore(audit, before)
  const { seats, round } = appeal
  return appealSeats({ proposal, beacon, commitment, appeal: round, seats, provider, client, accused, earlier })
}

/** The accused is innocent when what it said is what the majority found. */
function ruleOn({ audit, verdict, before, appeal }: AppealCase, majority: ResultRoot): JudgedAppeal['ruling'] {
  const said =
    verdict.outcome === verdictOutcomes.providerFault
      ? [audit, ...before, appeal].find(({ opening }) => opening !== undefined)?.opening?.resultRoot
      : saidBy(audit, verdict.accused)
  // Who never said anything cannot be cleared by what others found; a job that fails everywhere clears nobody.
  if (verdict.outcome === verdictOutcomes.validatorFault && said === undefined) return 'none'
  if (verdict.outcome === verdictOutcomes.providerFault && said === failedRunRoot) return 'guilty'
  return said === majority ? 'innocent' : 'guilty'
}

const saidBy = (audit: Audit, validator: Address): ResultRoot | undefined =>
  audit.rounds.flatMap(({ attestations }) => attestations).find((shown) => shown.validator === validator)?.resultRoot
