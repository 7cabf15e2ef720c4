import { checkChallenges, verificationPolicy } from '@assay/core'
import { after, Challenge, MarketError, openEnvelope, toUnixMs, type Audit, type Envelope } from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptRow, AuditRow, JobRow } from '../store/records.ts'
import { lastCall } from './last-call.ts'
import { startAudit } from './start-audit.ts'

/**
 * Takes the client's challenge of a commit: an unsampled one is audited, an audit that passed gets a panel. Before the
 * settlement the job waits for it, and it is paid from the audit budget; after it the verdict can still slash, and moves no
 * settled money. The same challenge again changes nothing. Throws `challenge-refused`, `unauthorized`, `signature-invalid`,
 * `message-malformed`.
 */
export function challengeCommit(context: Context, job: JobRow, envelope: Envelope): void {
  const { chain, store, wake } = context
  const { commitment } = openEnvelope('challenge/1', Challenge, envelope)
  if (envelope.signer !== job.client)
    throw new MarketError('unauthorized', 'only the client of a job can challenge its commits')
  const attempt = store.byCommitment(commitment)
  if (attempt === undefined || attempt.orderId !== job.orderId) throw refuse('commit-unknown')
  const row = store.audit(commitment)
  if (row?.audit.challenges?.some(({ payload }) => payload === envelope.payload) === true) return
  const audit = nextAudit(attempt, row, envelope)
  const check = checkChallenges(audit, { market: chain.market, client: job.client })
  if (!check.ok) throw refuse(check.fault)
  const late = store.evidence(job.orderId) !== undefined
  if (late) checkLate(context, job)
  else checkEarly(context, job, row === undefined ? 1 : panelFees)
  store.transaction(() => take(context, { attempt, row, audit, late }))
  wake()
}

/** Attestations that a panel may cost: its seats. */
const panelFees = verificationPolicy.panelSeats

/** The audit as the challenge leaves it; round 1 is opened by the judgement that finds it due. */
function nextAudit(attempt: AttemptRow, row: AuditRow | undefined, envelope: Envelope): Audit {
  if (attempt.state !== 'accepted') throw refuse('undecided', { state: attempt.state })
  if (row === undefined)
    return {
      commitment: attempt.commit!.commitment,
      reason: 'challenged',
      rounds: [{ commits: [], attestations: [] }],
      challenges: [envelope],
    }
  if (row.state !== 'judged') throw refuse('undecided', { state: row.state })
  if (row.verdict !== 'passed') throw refuse('panel-held', { verdict: row.verdict ?? 'none' })
  return { ...row.audit, challenges: [...(row.audit.challenges ?? []), envelope] }
}

/** Before the settlement: the job still runs, audit and settlement fit, and the client has set money aside for it. */
function checkEarly({ clock, store }: Context, job: JobRow, fees: number): void {
  if (job.state !== 'running') throw refuse('settling')
  const auditMs = limits.auditTimeFactor * job.spec.timeLimitMs + limits.auditSlackMs
  if (after(clock.now(), auditMs) >= lastCall(job)) throw refuse('settles-soon')
  const owed = store.auditsOf(job.orderId).reduce((sum, { audit }) => sum + seatsTaken(audit), 0)
  const { auditBudgetUsdc, auditFeeUsdc } = job.spec
  if (auditFeeUsdc * BigInt(owed + fees) > auditBudgetUsdc) throw refuse('audit-budget', { audits: owed })
}
const seatsTaken = ({ rounds }: Audit): number =>
  rounds.reduce((sum, { commits }) => sum + Math.max(1, commits.length), 0)

/** After it: while provider and validators still hold what an audit needs, and for so many commits of a job. */
function checkLate({ clock, store }: Context, { orderId, proof, terms }: JobRow): void {
  if (proof === undefined) throw refuse('settling')
  if (clock.now() >= after(toUnixMs(terms.refundAt), verificationPolicy.lateChallengeMs)) throw refuse('window-closed')
  const late = store.auditsOf(orderId).filter((row) => row.late).length
  if (late >= limits.lateChallenges) throw refuse('too-many', { challenges: late })
}

interface Taken {
  readonly attempt: AttemptRow
  readonly row: AuditRow | undefined
  readonly audit: Audit
  readonly late: boolean
}

function take(context: Context, { attempt, row, audit, late }: Taken): void {
  const { clock, emit, store } = context
  const { orderId, shard, attempt: number, provider, commit, ratePpm } = attempt
  const { commitment } = commit!
  if (row === undefined) return startAudit(context, attempt, { ratePpm: ratePpm!, reason: 'challenged', audit, late })
  store.updateAudit(commitment, { audit, state: 'running', late })
  if (!late) store.updateAttempt(attempt, { state: 'auditing', atMs: clock.now() })
  emit(orderId, { type: 'audit.started', shard, attempt: number, provider, note: 'challenged' })
}

const refuse = (reason: string, details: Readonly<Record<string, string | number>> = {}): MarketError =>
  new MarketError('challenge-refused', `the challenge is refused: ${reason}`, { details: { reason, ...details } })
