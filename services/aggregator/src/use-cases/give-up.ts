import type { Blame, ErrorCode } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'

/**
 * Ends whatever a job has not decided, so that the rest can still be settled. An epoch is evidence as a whole: with one
 * commit undecided, none of this job's commits in it can be paid. Call inside a transaction.
 */
export function giveUp(context: Context, job: JobRow): void {
  const attempts = context.store.attemptsOf(job.orderId)
  const undecided = attempts.filter(({ state }) => state === 'committed' || state === 'auditing')
  const epochs = new Set(undecided.flatMap(({ epoch }) => epoch ?? []))
  for (const attempt of attempts) {
    if (running.has(attempt.state)) end(context, attempt, 'attempt-timeout', 'aggregator')
    else if (undecided.includes(attempt)) end(context, attempt, 'audit-missing', 'validator')
    else if (attempt.state === 'accepted' && attempt.epoch !== undefined && epochs.has(attempt.epoch))
      end(context, attempt, 'audit-missing', 'validator')
  }
}

const running: ReadonlySet<AttemptRow['state']> = new Set(['offered', 'leased', 'preparing', 'executing'])

function end({ clock, emit, store }: Context, attempt: AttemptRow, code: ErrorCode, blame: Blame): void {
  const { orderId, shard, attempt: number, provider } = attempt
  store.updateAttempt(attempt, { state: 'expired', code, blame, atMs: clock.now() })
  emit(orderId, { type: 'attempt.failed', shard, attempt: number, provider, code, blame })
}
