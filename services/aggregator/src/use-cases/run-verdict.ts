import {
  assertBug,
  durationMs,
  EpochProposal,
  isMarketError,
  openEnvelope,
  type Address,
  type Signature,
} from '@assay/protocol'
import { collectSignatures } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { VerdictRow } from '../store/records.ts'
import { askToJudge } from './ask-to-judge.ts'
import { findArming } from './find-certificate.ts'

/** Takes a conviction on chain: a quorum signs it, anyone may finalise it. Each step is repeated until it is seen there. */
export async function runVerdict(context: Context, row: VerdictRow, signal: AbortSignal): Promise<void> {
  const { chain, store, wallet } = context
  const job = store.job(row.orderId)
  if (job === undefined) return
  const status = await chain.verdictStatus(row.verdict, signal)
  if (status === 'slashed') return store.updateVerdict(row.key, { state: 'slashed' })
  if (status === 'none') {
    // Its certificate may have been taken back since: then the conviction stands, and costs no stake.
    if (!isArmed(context, row)) return store.updateVerdict(row.key, { state: 'unarmed' })
    const signatures = await sign(context, row, signal)
    store.updateVerdict(row.key, { state: 'collecting', signatures })
    const commit = store.byCommitment(row.commitment)?.commit
    assertBug(commit !== undefined, 'a convicted commit is in the store')
    await wallet.submitVerdict({ verdict: row.verdict, terms: job.terms, commit }, signatures, signal)
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
  store.updateVerdict(row.key, { state: 'slashed' })
}

function isArmed(context: Context, { commitment, orderId, signatures }: VerdictRow): boolean {
  const { quorum, store } = context
  if (signatures.length >= quorum.threshold) return true
  const audit = store.audit(commitment)
  const epoch = audit && store.epoch(audit.epoch)
  const spec = store.job(orderId)?.spec
  assertBug(audit !== undefined && epoch !== undefined && spec !== undefined, 'a verdict stands on a judged audit')
  const { closedAtMs } = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  return findArming(context, { spec, closedAtMs, opened: audit.audit.opening !== undefined }).arming.ok
}

async function sign(context: Context, row: VerdictRow, signal: AbortSignal): Promise<readonly Signature[]> {
  const { quorum, store } = context
  if (row.signatures.length >= quorum.threshold) return row.signatures
  const audit = store.audit(row.commitment)
  const epoch = audit && store.epoch(audit.epoch)
  assertBug(audit !== undefined && epoch !== undefined, 'a verdict stands on an audit of a seeded epoch')
  const ask = async (validator: Address, inTime: AbortSignal) =>
    askToJudge(context, validator, { verdict: row.verdict, audit: audit.audit, epoch }, inTime)
  return collectSignatures(context, 'verdict.refused', ask, signal)
}
