import {
  addUsdc,
  asHash,
  durationMs,
  portionDown,
  subUsdcFloor0,
  sumUsdc,
  timesUsdc,
  toUnixMs,
  type Hash32,
  type OrderId,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { JobRow } from '../store/records.ts'

/**
 * Class DX: waits for the client's acceptance and sends it, or for the client to settle on chain by itself, until `settleBy`. What
 * is not settled by then is refunded like any other order.
 */
export async function settleAccepted(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock, store } = context
  let askAtMs: number = clock.now() + limits.acceptancePollMs
  for (;;) {
    const job = store.job(orderId)
    if (job === undefined || job.proof !== undefined || clock.now() >= toUnixMs(job.terms.settleBy)) return
    if (job.acceptance !== undefined) return send(context, job, job.acceptance, signal)
    if (clock.now() >= askAtMs) {
      const { remaining, status } = await chain.order(orderId, signal)
      if (status === 'settled')
        return void store.updateJob(job, { chargedUsdc: subUsdcFloor0(job.terms.maxAmount, remaining) })
      if (status !== 'funded') return
      askAtMs = clock.now() + limits.acceptancePollMs
    }
    await clock.sleep(durationMs(limits.planEveryMs), signal)
  }
}

async function send(
  { emit, store, wallet }: Context,
  job: JobRow,
  acceptance: NonNullable<JobRow['acceptance']>,
  signal: AbortSignal,
): Promise<void> {
  const { orderId, terms } = job
  const { fee, payouts } = acceptance
  const sent = await wallet.settleByClient(terms, acceptance, signal)
  const { blockNumber, gasUsed } = sent
  const proof = { transactionHash: asHash<Hash32>(sent.transactionHash), blockNumber, gasUsed }
  const chargedUsdc = sumUsdc([...payouts.map(({ amount }) => amount), fee])
  store.updateJob(store.job(orderId) ?? job, { proof, chargedUsdc })
  emit(orderId, { type: 'job.settled', note: sent.transactionHash })
}

/** Gives every delivered result its end: accepted, or not, by what was charged. Call inside a transaction. */
export function concludeAccepted(
  { clock, store }: Context,
  { acceptance, chargedUsdc, orderId, spec, terms }: JobRow,
): void {
  const delivered = store.attemptsOf(orderId).filter(({ state }) => state === 'committed')
  const work = timesUsdc(spec.priceUsdc, delivered.length)
  const all = chargedUsdc !== undefined && chargedUsdc === addUsdc(work, portionDown(work, terms.feeBps))
  const paid = new Set(acceptance?.shards ?? (all ? delivered.map(({ shard }) => shard) : []))
  for (const attempt of delivered)
    if (paid.has(attempt.shard) && chargedUsdc !== undefined && chargedUsdc > 0n)
      store.updateAttempt(attempt, { state: 'accepted', atMs: clock.now() })
    else
      store.updateAttempt(attempt, { state: 'rejected', code: 'result-unaccepted', blame: 'client', atMs: clock.now() })
}
