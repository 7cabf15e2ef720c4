import { imageDigest, type OrderId } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow } from '../store/records.ts'
import type { Tasks } from '../tasks.ts'
import { dispatchShards, type Load } from './dispatch-shards.ts'
import { dueEpochs } from './due-epochs.ts'
import { fundJob } from './fund-job.ts'
import { giveUp } from './give-up.ts'
import { makePlan } from './make-plan.ts'
import { matchShards } from './match-shards.ts'
import { lastCall } from './last-call.ts'
import { proposeEpoch } from './propose-epoch.ts'
import { runAttempt } from './run-attempt.ts'
import { runAudit } from './run-audit.ts'
import { revokeCertificate } from './revoke-certificate.ts'
import { runCertification } from './run-certification.ts'
import { runEpoch } from './run-epoch.ts'
import { runProof } from './run-proof.ts'
import { runVerdict } from './run-verdict.ts'
import { settleJob } from './settle-job.ts'
import { sweepQuotes } from './sweep-quotes.ts'

/**
 * One planning round: looks at the records, starts whatever is due and not under way. The records are the outbox:
 * each says what must happen next, so after a crash the first round resumes everything.
 */
export async function planMarket(context: Context, tasks: Tasks): Promise<void> {
  const { clock, store } = context
  const round: Round = { tasks, load: new Map(store.load()), quiet: new Set() }
  for (const job of store.activeJobs()) {
    const { orderId } = job
    if (job.state === 'funding') tasks.ensure(`fund:${orderId}`, async (signal) => fundJob(context, orderId, signal))
    else if (job.state === 'running') await planRunning(context, job, round).catch(failed(context, orderId))
    else tasks.ensure(`settle:${orderId}`, async (signal) => settleJob(context, orderId, signal))
  }
  for (const orderId of store.openCertifications())
    tasks.ensure(`certify:${orderId}`, async (signal) => runCertification(context, orderId, signal))
  for (const row of store.openRevocations())
    tasks.ensure(`revoke:${row.id}`, async (signal) => revokeCertificate(context, row, signal))
  tasks.ensure('sweep', async (signal) => sweepQuotes(context, signal))
  for (const due of dueEpochs(context, round.quiet))
    tasks.ensure(`close:${due.quorumId}`, async (signal) => proposeEpoch(context, due, signal))
  for (const digest of store.openEpochs())
    tasks.ensure(`epoch:${digest}`, async (signal) => runEpoch(context, digest, signal))
  for (const commitment of store.runningAudits())
    tasks.ensure(`audit:${commitment}`, async (signal) => runAudit(context, commitment, signal))
  for (const proof of store.openProofs())
    tasks.ensure(`proof:${proof.verdictId}`, async (signal) => runProof(context, proof, signal))
  // One slash of an operator at a time: the next one is computed from the stake that is left.
  for (const verdict of store.openVerdicts(clock.now()))
    tasks.ensure(`verdict:${verdict.accused}`, async (signal) => runVerdict(context, verdict, signal))
}

/** One job that cannot be planned must not keep the others waiting. */
const failed =
  ({ log }: Context, orderId: OrderId) =>
  (error: unknown): void =>
    log.error({ orderId, error: error instanceof Error ? error.message : String(error) }, 'planning.failed')

/** What one planning round keeps between jobs. */
interface Round {
  readonly tasks: Tasks
  readonly load: Load
  /** Orders that have nothing in flight but commits. */
  readonly quiet: Set<string>
}

async function planRunning(context: Context, job: JobRow, { tasks, load, quiet }: Round): Promise<void> {
  const { clock, directory, emit, store } = context
  const { orderId, spec } = job
  const plan = makePlan(context, job)
  if (plan.settled || clock.now() >= lastCall(job)) {
    // Who could have taken the shards that are given up is known now and never again.
    const tried = Map.groupBy(store.progressOf(orderId), ({ shard }) => shard)
    const untaken = plan.failed.map((shard) => ({
      shard,
      tried: new Set(tried.get(shard)?.map(({ provider }) => provider)),
    }))
    store.transaction(() => {
      store.saveUnmatched(orderId, matchShards(context, job, untaken))
      giveUp(context, job)
      store.updateJob(job, { state: 'settling' })
    })
    emit(orderId, { type: 'job.settling', note: `${plan.accepted} of ${spec.shards.length} accepted` })
    return context.wake()
  }
  if (directory.hasUnprobed(spec.image))
    tasks.ensure(`image:${imageDigest(spec.image)}`, async (signal) => {
      await directory.probeImage(spec.image, signal)
    })
  await dispatchShards(context, job, plan, load)
  const after = makePlan(context, job)
  for (const { shard, attempt } of after.drive)
    tasks.ensure(`attempt:${orderId}/${shard}/${attempt}`, async (signal) =>
      runAttempt(context, { orderId, shard, attempt }, signal),
    )
  if (after.quiet) quiet.add(orderId)
}
