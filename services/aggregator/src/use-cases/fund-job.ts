import { MarketError, type OrderId } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow } from '../store/records.ts'
import { isJudged } from './is-judged.ts'
import { introduceJob } from './introduce-job.ts'

/** Escrows the order with the client's authorisation or from its deposit address, unless the chain has it already. */
export async function fundJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, emit, store, wallet } = context
  const job = store.job(orderId)
  if (job?.state !== 'funding') return
  if ((await chain.order(orderId, signal)).status === 'none') {
    if (await hasLapsed(context, job, signal)) return abandon(context, orderId)
    if (job.authorization === undefined) await wallet.fundFromDepositAddress(job.terms, signal)
    else await wallet.fundWithAuthorization(job.terms, job.authorization, signal)
  }
  const { status } = await chain.order(orderId, signal)
  if (status === 'none')
    throw new MarketError('order-not-funded', 'the order is not funded yet', { details: { orderId } })
  const funded = store.job(orderId)
  if (funded?.state !== 'funding') return
  // Funded, settled or refunded: whatever it is by now, the next rounds find out and end it.
  store.updateJob(funded, { state: 'running' })
  emit(orderId, { type: 'job.funded', note: job.terms.maxAmount.toString() })
  emit(orderId, { type: 'job.running' })
  if (isJudged(job)) await introduceJob(context, orderId, signal)
}

async function hasLapsed({ chain }: Context, { terms, authorization }: JobRow, signal: AbortSignal): Promise<boolean> {
  const now = await chain.now(signal)
  return now >= terms.settleBy || (authorization !== undefined && now >= authorization.validBefore)
}

/** Nothing is escrowed and nothing can be any more: the job ends without a trace of money. */
function abandon({ clock, emit, store }: Context, orderId: OrderId): void {
  const job = store.job(orderId)
  if (job?.state !== 'funding') return
  store.updateJob(job, { state: 'closed', outcome: job.cancelled ? 'cancelled' : 'refunded', closedAtMs: clock.now() })
  emit(orderId, { type: 'job.closed' })
}
