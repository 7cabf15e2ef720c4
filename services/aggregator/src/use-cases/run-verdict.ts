import { assertBug, durationMs, EpochProposal, isMarketError, openEnvelope, verdictOutcomes } from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { JobRow, VerdictRow } from '../store/records.ts'
import { bundleVerdict } from './bundle-verdict.ts'
import { findArming } from './find-certificate.ts'
import { signVerdict } from './sign-verdict.ts'

/** Takes a conviction on chain: a quorum signs it, anyone may finalise it. Each step is repeated until it is seen there. */
export async function runVerdict(context: Context, row: VerdictRow, signal: AbortSignal): Promise<void> {
  const { chain, store, wallet } = context
  const job = store.job(row.orderId)
  if (job === undefined) return
  const status = await chain.verdictStatus(row.verdict, signal)
  if (status === 'slashed' || status === 'overturned') return store.updateVerdict(row.key, { state: status })
  if (status === 'none') {
    // Its certificate may have been taken back since: then the conviction stands, and costs no stake.
    if (!isArmed(context, row)) return store.updateVerdict(row.key, { state: 'unarmed' })
    const signed = await signVerdict(context, row, signal)
    if (signed === undefined) return
    await submit(context, job, signed, signal)
    store.updateVerdict(row.key, { state: 'submitted' })
  }
  try {
    await wallet.finalizeVerdict(row.verdict, signal)
  } catch (error) {
    if (!isMarketError(error) || error.details['reason'] !== 'TooEarly') throw error
    // Days may pass until then, and anyone may finalise: the job does not wait for it.
    store.updateVerdict(row.key, { state: 'appealable' })
    return context.clock.sleep(durationMs(limits.appealPollMs), signal)
  }
  const now = await chain.verdictStatus(row.verdict, signal)
  // What the day's cap left over is taken on later days.
  if (now === 'slashed' || now === 'overturned') store.updateVerdict(row.key, { state: now })
}

function isArmed(context: Context, { commitment, orderId, signatures, verdict }: VerdictRow): boolean {
  const { quorum, store } = context
  if (signatures.length >= quorum.threshold || verdict.outcome !== verdictOutcomes.providerFault) return true
  const audit = store.audit(commitment)
  const epoch = audit && store.epoch(audit.epoch)
  const spec = store.job(orderId)?.spec
  assertBug(audit !== undefined && epoch !== undefined && spec !== undefined, 'a verdict stands on a judged audit')
  const { closedAtMs } = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  return findArming(context, { spec, closedAtMs, opened: audit.audit.opening !== undefined }).arming.ok
}

async function submit(context: Context, job: JobRow, row: VerdictRow, signal: AbortSignal): Promise<void> {
  const { store, wallet } = context
  const { terms } = job
  const { verdict, signatures } = row
  bundleVerdict(context, job, row)
  const commit = store.byCommitment(row.commitment)?.commit
  assertBug(commit !== undefined, 'a judged commit is in the store')
  if (verdict.outcome === verdictOutcomes.providerFault) {
    await wallet.submitVerdict({ verdict, terms, commit }, signatures, signal)
    return
  }
  const audit = store.audit(row.commitment)?.audit
  const opening = audit?.opening
  const own = audit?.rounds.flatMap(({ commits }) => commits).find(({ validator }) => validator === verdict.accused)
  assertBug(opening !== undefined && own !== undefined, 'an accused validator sat in an audit that was opened')
  const { provider } = commit
  await wallet.submitValidatorVerdict({ verdict, terms, provider, opening, audit: own }, signatures, signal)
}
