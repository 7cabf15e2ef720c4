import { bindingConvictions, convictionsOnChain, type Conviction } from '@assay/core'
import { EpochProposal, openEnvelope, type Address } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'
import { startAudit } from './start-audit.ts'

/**
 * Sends a job that nobody has signed back to its audits when a provider in it was convicted after it had committed: here or by
 * another aggregator's quorum. No validator that knows of it would sign. Whether it did; then the job is running again.
 */
export async function reopenJob(context: Context, job: JobRow, signal: AbortSignal): Promise<boolean> {
  if (job.settlement !== undefined) return false
  const { emit, log, store } = context
  const spared = store
    .attemptsOf(job.orderId)
    .filter(({ state, verdict, epoch }) => state === 'accepted' && verdict === 'unsampled' && epoch !== undefined)
  const bound = await boundProviders(context, spared, signal)
  const frozen = spared.filter(({ provider }) => bound.has(provider))
  if (frozen.length === 0) return false
  store.transaction(() => {
    store.reopenJob(job)
    for (const attempt of frozen) startAudit(context, attempt, { ratePpm: attempt.ratePpm!, reason: 'contagion' })
  })
  log.info({ orderId: job.orderId, commits: frozen.length, providers: [...bound] }, 'job.reopened')
  emit(job.orderId, { type: 'job.running', note: `${frozen.length} commits of a convicted provider are audited` })
  return true
}

/** Providers whose commits must all be re-run before anything of theirs is paid. */
async function boundProviders(
  { chain, store }: Context,
  attempts: readonly AttemptRow[],
  signal: AbortSignal,
): Promise<ReadonlySet<Address>> {
  const bound = new Set<Address>()
  for (const [provider, own] of Map.groupBy(attempts, (attempt) => attempt.provider)) {
    const faults = await chain.faultsOf(provider, signal)
    const convictions: readonly Conviction[] = [
      ...convictionsOnChain(provider, faults),
      ...store.convictionsOf(provider),
    ]
    for (const { orderId, epoch, commit } of own) {
      const envelope = epoch && store.epoch(epoch)?.proposal
      if (envelope === undefined || commit === undefined) continue
      const { closedAtMs } = openEnvelope('epoch/1', EpochProposal, envelope)
      for (const one of bindingConvictions(orderId, [{ closedAtMs, commits: [commit] }], convictions)) bound.add(one)
    }
  }
  return bound
}
