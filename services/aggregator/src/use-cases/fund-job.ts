import { MarketError, type OrderId } from '@assay/protocol'
import type { Context } from '../context.ts'

/** Escrows the order with the client's authorisation, unless the chain has it already. */
export async function fundJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock, emit, store, wallet } = context
  const job = store.job(orderId)
  if (job?.state !== 'funding') return
  const before = await chain.order(orderId, signal)
  if (before.status === 'none') {
    const now = await chain.now(signal)
    const lapsed =
      now >= job.terms.settleBy || (job.authorization !== undefined && now >= job.authorization.validBefore)
    // Nothing is escrowed and nothing can be any more: the job ends without a trace of money.
    if (lapsed) return void store.updateJob(job, { state: 'closed', outcome: 'refunded', closedAtMs: clock.now() })
    if (job.authorization === undefined)
      throw new MarketError('order-not-funded', 'the order is not funded yet', { details: { orderId } })
    await wallet.fundWithAuthorization(job.terms, job.authorization, signal)
  }
  const order = await chain.order(orderId, signal)
  if (order.status !== 'funded')
    throw new MarketError('order-not-funded', 'the order is not open', { details: { orderId, status: order.status } })
  store.updateJob(store.job(orderId)!, { state: 'running' })
  emit(orderId, { type: 'job.funded', note: job.terms.maxAmount.toString() })
  emit(orderId, { type: 'job.running' })
}
