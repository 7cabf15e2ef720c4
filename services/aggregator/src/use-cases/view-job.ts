import { sumUsdc, verdictOutcomes, type AttemptView, type JobView, type VerdictView } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, AuditRow, BundleRow, JobRow, VerdictRow } from '../store/records.ts'

/** A job as its client sees it. */
export function viewJob({ store }: Context, job: JobRow): JobView {
  const attempts = store.attemptsOf(job.orderId)
  const audits = new Map(store.auditsOf(job.orderId).map((audit) => [audit.commitment, audit]))
  const verdicts = store.verdictsOf(job.orderId)
  const accepted = attempts.filter((attempt) => attempt.state === 'accepted').length
  const over = job.state === 'settling' || job.state === 'closed'
  return {
    orderId: job.orderId,
    state: job.state,
    ...(job.outcome && { outcome: job.outcome }),
    terms: job.terms,
    shards: job.spec.shards.length,
    accepted,
    failed: over ? job.spec.shards.length - accepted : 0,
    audited: audits.size,
    convicted: [...new Set(verdicts.filter(isOnProvider).map(({ accused }) => accused))],
    slashedUsdc: sumUsdc(verdicts.filter(({ state }) => state === 'slashed').map(({ verdict }) => verdict.slash)),
    ...(job.chargedUsdc !== undefined && { chargedUsdc: job.chargedUsdc }),
    ...(job.refundedUsdc !== undefined && { refundedUsdc: job.refundedUsdc }),
    ...viewVerdicts(verdicts, store.bundlesOf(job.orderId)),
    attempts: attempts.map((attempt) => viewAttempt(attempt, attempt.commit && audits.get(attempt.commit.commitment))),
    createdAtMs: job.createdAtMs,
    ...(job.closedAtMs !== undefined && { closedAtMs: job.closedAtMs }),
  }
}

const isOnProvider = ({ state, verdict }: VerdictRow): boolean =>
  verdict.outcome === verdictOutcomes.providerFault && state !== 'overturned'

/** Each verdict that was signed, under its newest bundle. */
function viewVerdicts(verdicts: readonly VerdictRow[], bundles: readonly BundleRow[]): Pick<JobView, 'verdicts'> {
  const ids = new Map(bundles.map(({ verdictKey, id }) => [verdictKey, id]))
  const views = verdicts.flatMap(({ key, state, verdict }): VerdictView[] => {
    const id = ids.get(key)
    if (id === undefined) return []
    const { shard, attempt, accused, outcome, slash: slashUsdc } = verdict
    const shown = state === 'slashed' || state === 'overturned' ? state : 'submitted'
    return [{ id, shard, attempt, accused, outcome, slashUsdc, state: shown }]
  })
  return views.length === 0 ? {} : { verdicts: views }
}

function viewAttempt(attempt: AttemptRow, audit: AuditRow | undefined): AttemptView {
  const {
    shard,
    attempt: number,
    provider,
    state,
    code,
    blame,
    detail,
    ratePpm,
    verdict,
    sealed,
    commit,
    atMs,
  } = attempt
  const auditors = audit?.audit.rounds.flatMap((round) => round.commits.map((seat) => seat.validator))
  return {
    shard,
    attempt: number,
    provider,
    state,
    ...(code && { code }),
    ...(blame && { blame }),
    ...(detail !== undefined && { detail }),
    ...(ratePpm !== undefined && { ratePpm }),
    ...(auditors && { auditors }),
    ...(verdict && { verdict }),
    ...(sealed && { sealed }),
    ...(commit && { commit }),
    atMs,
  }
}
