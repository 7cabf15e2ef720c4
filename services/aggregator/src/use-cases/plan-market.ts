import { planJob, type AttemptRecord, type JobPlan } from '@assay/core'
import { imageDigest, limits as wire, toUnixMs, unixMs } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'
import type { Tasks } from '../tasks.ts'
import { closeEpochs } from './close-epochs.ts'
import { dispatchShards, dispatchUntil, type Load } from './dispatch-shards.ts'
import { fundJob } from './fund-job.ts'
import { runAttempt } from './run-attempt.ts'
import { runAudit } from './run-audit.ts'
import { runEpoch } from './run-epoch.ts'
import { runVerdict } from './run-verdict.ts'
import { settleJob } from './settle-job.ts'

/**
 * One planning round: looks at the records, starts whatever is due and not under way. The records are the outbox:
 * each says what must happen next, so after a crash the first round resumes everything.
 */
export async function planMarket(context: Context, tasks: Tasks, signal: AbortSignal): Promise<void> {
  const { store } = context
  const quiet = new Set<string>()
  const load: Load = new Map(store.load())
  for (const job of store.activeJobs()) {
    if (job.state === 'funding') tasks.ensure(`fund:${job.orderId}`, (inner) => fundJob(context, job.orderId, inner))
    else if (job.state === 'running') await planRunning(context, tasks, job, load, quiet)
    else tasks.ensure(`settle:${job.orderId}`, (inner) => settleJob(context, job.orderId, inner))
  }
  await closeEpochs(context, quiet, signal)
  for (const { digest } of store.openEpochs())
    tasks.ensure(`epoch:${digest}`, (inner) => runEpoch(context, digest, inner))
  for (const { commitment } of store.runningAudits())
    tasks.ensure(`audit:${commitment}`, (inner) => runAudit(context, commitment, inner))
  // One slash of an operator at a time: the next one is computed from the stake that is left.
  for (const verdict of store.openVerdicts())
    tasks.ensure(`verdict:${verdict.accused}`, (inner) => runVerdict(context, verdict, inner))
}

async function planRunning(context: Context, tasks: Tasks, job: JobRow, load: Load, quiet: Set<string>): Promise<void> {
  const { clock, store } = context
  const plan = makePlan(context, job)
  if (plan.settled || clock.now() >= lastCall(job)) {
    store.updateJob(job, { state: 'settling' })
    context.emit(job.orderId, { type: 'job.settling', note: `${plan.accepted} of ${job.spec.shards.length} accepted` })
    return context.wake()
  }
  if (context.directory.hasUnprobed(job.spec.image))
    tasks.ensure(`image:${imageDigest(job.spec.image)}`, async (inner) => void (await context.directory.probeImage(job.spec.image, inner)))
  await dispatchShards(context, job, plan, load)
  for (const attempt of makePlan(context, job).drive) {
    const key = { orderId: job.orderId, ...attempt }
    tasks.ensure(`attempt:${job.orderId}/${attempt.shard}/${attempt.attempt}`, (inner) =>
      runAttempt(context, key, inner),
    )
  }
  if (makePlan(context, job).quiet) quiet.add(job.orderId)
}

function makePlan({ clock, store }: Context, job: JobRow): JobPlan {
  const attempts = store.attemptsOf(job.orderId)
  const record = {
    state: job.state,
    shards: job.spec.shards.length,
    cancelled: job.cancelled,
    dispatchUntilMs: dispatchUntil(job),
    settleByMs: toUnixMs(job.terms.settleBy),
    refundAtMs: toUnixMs(job.terms.refundAt),
  }
  return planJob(
    record,
    attempts.map((attempt) => toRecord(attempt, attempts)),
    clock.now(),
    wire.attemptsPerShard,
  )
}

function toRecord(attempt: AttemptRow, all: readonly AttemptRow[]): AttemptRecord {
  const { shard, attempt: number, provider, state, commitByMs, verdict } = attempt
  // Two providers that blame the job independently are believed: a third run would fail the same way.
  const clientFaults = all.filter(
    (other) => other.shard === shard && other.state === 'expired' && other.blame === 'client',
  )
  return {
    shard,
    attempt: number,
    provider,
    state,
    commitByMs,
    final: verdict === 'nondeterministic' || clientFaults.length >= 2,
  }
}

/** What is not decided by then is given up, so that the rest can still be settled. */
const lastCall = (job: JobRow) => {
  const settleBy = toUnixMs(job.terms.settleBy)
  return unixMs(settleBy - Math.min(60_000, (settleBy - job.createdAtMs) / 4))
}
