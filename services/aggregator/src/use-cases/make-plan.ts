import { planJob, type AttemptRecord, type JobPlan } from '@assay/core'
import { limits as wire, toUnixMs } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow } from '../store/records.ts'
import { dispatchUntil } from './dispatch-shards.ts'
import { isJudged } from './is-judged.ts'

/** What a job needs next, from its records. */
export function makePlan({ clock, store }: Context, job: JobRow): JobPlan {
  const attempts = store.progressOf(job.orderId)
  const record = {
    state: job.state,
    shards: job.spec.shards.length,
    cancelled: job.cancelled,
    judged: isJudged(job),
    dispatchUntilMs: dispatchUntil(job),
    settleByMs: toUnixMs(job.terms.settleBy),
    refundAtMs: toUnixMs(job.terms.refundAt),
  }
  // Two providers that blame the job independently are believed: a third run would fail the same way.
  const clientFaults = new Map<number, number>()
  for (const { shard, state, blame } of attempts)
    if (state === 'expired' && blame === 'client') clientFaults.set(shard, (clientFaults.get(shard) ?? 0) + 1)
  const records = attempts.map((attempt): AttemptRecord => {
    const final = attempt.verdict === 'nondeterministic' || (clientFaults.get(attempt.shard) ?? 0) >= 2
    return { ...attempt, final }
  })
  return planJob(record, records, clock.now(), wire.attemptsPerShard)
}
