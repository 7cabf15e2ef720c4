import type { Blame, ErrorCode } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'
import { isJudged } from './is-judged.ts'

/**
 * Ends whatever a job has not decided, so that the rest can still be settled. An epoch is evidence as a whole: with one
 * commit undecided, none of this job's commits in it can be paid. Call inside a transaction.
 */
export function giveUp(context: Context, job: JobRow): void {
  for (const attempt of context.store.attemptsOf(job.orderId))
    if (attempt.state === 'auditing') dropChallenge(context, attempt)
  const attempts = context.store.attemptsOf(job.orderId)
  // Without a quorum there is nothing to decide: what was delivered waits for its client.
  const undecided = isJudged(job) ? attempts.filter(({ state }) => state === 'committed' || state === 'auditing') : []
  const epochs = new Set(undecided.flatMap(({ epoch }) => epoch ?? []))
  for (const attempt of attempts) {
    if (running.has(attempt.state)) end(context, attempt, 'attempt-timeout', 'aggregator')
    else if (undecided.includes(attempt)) end(context, attempt, 'audit-missing', 'validator')
    else if (attempt.state === 'accepted' && attempt.epoch !== undefined && epochs.has(attempt.epoch))
      end(context, attempt, 'audit-missing', 'validator')
  }
}

/**
 * A challenge whose audit found nothing by now ends as if it had not been made: no client can keep its provider's pay by
 * challenging late. Whatever has shown a doubt stays undecided.
 */
function dropChallenge({ clock, store }: Context, attempt: AttemptRow): void {
  const { commit, provider, verdict } = attempt
  const row = commit && store.audit(commit.commitment)
  if (row?.audit.challenges === undefined || verdict === undefined || row.unopened) return
  const { challenges, opening, rounds, ...audit } = row.audit
  const shown = rounds.flatMap(({ attestations }) => attestations)
  if (shown.some(({ resultRoot }) => resultRoot !== opening?.resultRoot)) return
  const left = challenges.slice(0, -1)
  if (verdict !== 'unsampled') {
    const before = { ...audit, rounds: rounds.slice(0, 1), ...(opening && { opening }) }
    const passed = { ...before, ...(left.length > 0 && { challenges: left }) }
    store.updateAudit(row.commitment, { audit: passed, state: 'judged', verdict })
  } else if (store.isConvicted(provider)) return
  else store.dropAudit(row.commitment)
  store.updateAttempt(attempt, { state: 'accepted', atMs: clock.now() })
}

const running: ReadonlySet<AttemptRow['state']> = new Set(['offered', 'leased', 'preparing', 'executing'])

function end({ clock, emit, store }: Context, attempt: AttemptRow, code: ErrorCode, blame: Blame): void {
  const { orderId, shard, attempt: number, provider } = attempt
  store.updateAttempt(attempt, { state: 'expired', code, blame, atMs: clock.now() })
  emit(orderId, { type: 'attempt.failed', shard, attempt: number, provider, code, blame })
}
