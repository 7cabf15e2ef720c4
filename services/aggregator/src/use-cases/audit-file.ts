/** One audit with the records it stands on, and what is judged from them. */
import { auditSeats, judgeAudit, type AuditSeats, type AuditVerdict, type JudgedAudit } from '@assay/core'
import {
  EpochProposal,
  MarketError,
  openEnvelope,
  type Address,
  type Audit,
  type AuditRound,
  type BeaconValue,
  type Commitment,
  type SignedCommit,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptRow, AuditRow, EpochRow, JobRow } from '../store/records.ts'

export interface AuditFile {
  readonly row: AuditRow
  readonly attempt: AttemptRow
  readonly commit: SignedCommit
  readonly job: JobRow
  readonly epoch: EpochRow
  readonly proposal: EpochProposal
  readonly beacon: BeaconValue
}
/** One round of an audit under way. */
export interface AuditRun {
  readonly file: AuditFile
  readonly round: number
  readonly silence: Silence
}
export type FinalVerdict = Exclude<AuditVerdict, 'pending' | 'panel-needed'>
export type FinalJudgement = JudgedAudit & { readonly verdict: FinalVerdict }

/** `undefined` when there is no such audit, or it is over. */
export function openFile({ store }: Context, commitment: Commitment): AuditFile | undefined {
  const row = store.audit(commitment)
  const attempt = store.byCommitment(commitment)
  // Given up, when the job had to be settled: nobody waits for it any more.
  if (row === undefined || attempt?.commit === undefined) return undefined
  if (attempt.state !== (row.late ? 'accepted' : 'auditing')) return undefined
  const job = store.job(row.orderId)
  const epoch = store.epoch(row.epoch)
  if (job === undefined || epoch?.beacon === undefined) return undefined
  const { commit } = attempt
  const { beacon } = epoch
  return { row, attempt, commit, job, epoch, beacon, proposal: openEnvelope('epoch/1', EpochProposal, epoch.proposal) }
}

/** The judgement so far; `pending` until the provider was asked and enough seats have shown their results. */
export function judgeFile(context: Context, file: AuditFile): 'pending' | 'panel-needed' | FinalJudgement {
  const { row } = file
  if (row.audit.opening === undefined && !row.unopened) return 'pending'
  const judged = judgeAudit(caseOf(context, file, row.audit))
  if (!judged.ok)
    throw new MarketError('internal', 'our own audit record does not hold', {
      details: { fault: judged.fault, ...judged.details },
    })
  const { verdict } = judged
  return verdict === 'pending' || verdict === 'panel-needed' ? verdict : { ...judged, verdict }
}

/** What a record that is over comes to, whatever became of its job; `undefined` when it is gone or does not hold. */
export function judgeRecord(context: Context, commitment: Commitment): JudgedAudit | undefined {
  const { store } = context
  const row = store.audit(commitment)
  const commit = store.byCommitment(commitment)?.commit
  const job = row && store.job(row.orderId)
  const epoch = row && store.epoch(row.epoch)
  if (row === undefined || commit === undefined || job === undefined || epoch?.beacon === undefined) return undefined
  const proposal = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  const judged = judgeAudit(caseOf(context, { commit, job, proposal, beacon: epoch.beacon }, row.audit))
  return judged.ok ? judged : undefined
}

/** Whether an audit with one more answer in it can still be judged: an answer that breaks the record is never stored. */
export const holds = (context: Context, file: AuditFile, audit: Audit): boolean =>
  judgeAudit(caseOf(context, file, audit)).ok

const caseOf = (
  { chain }: Context,
  { commit, job, proposal, beacon }: Pick<AuditFile, 'commit' | 'job' | 'proposal' | 'beacon'>,
  audit: Audit,
) => ({
  market: chain.market,
  commit,
  terms: job.terms,
  determinism: job.spec.determinism,
  proposal,
  beacon,
  audit,
})

export function seatsFor({ row, commit, job, proposal, beacon }: AuditFile, round: number): AuditSeats {
  const { commitment, provider } = commit
  const earlier = earlierSeats(row.audit, round)
  return auditSeats({ proposal, beacon, commitment, round, provider, client: job.client, earlier })
}

/** Who committed in the rounds before. */
export const earlierSeats = (audit: Audit, round: number): Address[] =>
  audit.rounds.slice(0, round).flatMap((earlier) => earlier.commits.map((commit) => commit.validator))

/** A round as the store has it now. */
export function currentRound({ store }: Context, commitment: Commitment, round: number): AuditRound {
  return store.audit(commitment)?.audit.rounds[round] ?? { commits: [], attestations: [] }
}

/**
 * Adds an answer to the newest record of a round. Throws `message-malformed` when the record could not be judged with it:
 * one validator's bad signature must not spoil what the others said.
 */
export function addToRound(
  context: Context,
  { file, round }: AuditRun,
  validator: Address,
  change: (round: AuditRound) => AuditRound,
): void {
  const { store } = context
  const { commitment } = file.row
  store.transaction(() => {
    const audit = store.audit(commitment)?.audit ?? file.row.audit
    const next = { ...audit, rounds: audit.rounds.map((old, at) => (at === round ? change(old) : old)) }
    if (!holds(context, file, next))
      throw new MarketError('message-malformed', 'the answer does not hold', {
        blame: 'validator',
        details: { validator, round },
      })
    store.updateAudit(commitment, { audit: next })
  })
}

/** Counts how often each validator that committed did not show its result; in memory only. */
export interface Silence {
  missed(validator: Address): void
  /** Whether its seat goes to an alternate. */
  gaveUp(validator: Address): boolean
}

export function createSilence(): Silence {
  const counts = new Map<Address, number>()
  return {
    missed: (validator) => void counts.set(validator, (counts.get(validator) ?? 0) + 1),
    gaveUp: (validator) => (counts.get(validator) ?? 0) >= limits.revealTries,
  }
}
