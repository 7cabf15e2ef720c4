import { deriveSettlement, toBatch } from '@assay/core'
import {
  deriveBatchDigest,
  durationMs,
  isMarketError,
  MarketError,
  recoverSigner,
  toUnixMs,
  usdc,
  type Address,
  type JobEvidence,
  type JobOutcome,
  type OrderId,
  type Settlement,
  type Signature,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { askValidator } from '../request-peer.ts'
import type { JobRow } from '../store/records.ts'
import { buildEvidence } from './build-evidence.ts'

/**
 * Takes a job whose shards are all final to its end: derive, sign, settle, return the rest, close. The settlement is
 * stored before anyone signs it, so that a restart continues the same one; the chain refuses a second.
 */
export async function settleJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock, store } = context
  const order = await chain.order(orderId, signal)
  const job = store.job(orderId)!
  if (job.proof === undefined && order.status === 'funded') {
    if (clock.now() < toUnixMs(job.terms.settleBy)) await settleOnChain(context, job, signal)
    else await waitForRefund(context, job, signal)
  }
  await closeJob(context, orderId, signal)
}

async function settleOnChain(context: Context, job: JobRow, signal: AbortSignal): Promise<void> {
  const { chain, store, wallet } = context
  const evidence = store.evidence(job.orderId) ?? (await buildEvidence(context, job, signal))
  const derived = deriveSettlement(chain.market, [evidence])
  if (!derived.ok)
    throw new MarketError('internal', 'our own evidence does not hold', {
      details: { fault: derived.fault, ...derived.details },
    })
  const unsigned = derived.settlement
  if (store.evidence(job.orderId) === undefined) store.updateJob(store.job(job.orderId)!, { evidence })
  const signatures = job.settlement?.signatures ?? (await collectSignatures(context, job, evidence, unsigned, signal))
  const settlement: Settlement = { ...unsigned, signatures: [...signatures] }
  const signed = job.settlement === undefined ? store.updateJob(store.job(job.orderId)!, { settlement }) : job
  const sent = await wallet.settle(
    { aggregator: job.terms.aggregator, quorumId: job.terms.quorumId, ...settlement },
    signal,
  )
  const proof = { transactionHash: sent.transactionHash as never, blockNumber: sent.blockNumber, gasUsed: sent.gasUsed }
  store.updateJob(store.job(signed.orderId)!, { proof, chargedUsdc: chargedOf(settlement, job.orderId) })
  context.emit(job.orderId, { type: 'job.settled', note: sent.transactionHash })
}

async function collectSignatures(
  context: Context,
  job: JobRow,
  evidence: JobEvidence,
  settlement: Omit<Settlement, 'signatures'>,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const { chain, directory, log, quorum } = context
  const { aggregator, quorumId } = job.terms
  const digest = deriveBatchDigest(chain.market, toBatch({ settlement, quorumId, aggregator }))
  const signatures = new Map<Address, Signature>()
  const ask = async (validator: Address): Promise<void> => {
    const peer = directory.node(validator)?.peer
    if (peer === undefined)
      throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
    const message = { type: 'settle', evidence: [evidence], settlement } as const
    const reply = await askValidator(
      context,
      peer.publicKey,
      message as never,
      ['signed'],
      limits.validatorReplyMs * 3,
      signal,
    )
    if (recoverSigner(digest, reply.signature) !== validator)
      throw new MarketError('signature-invalid', 'not the validator’s own signature', { blame: 'validator' })
    signatures.set(validator, reply.signature)
  }
  const results = await Promise.allSettled(quorum.members.map(ask))
  for (const result of results)
    if (result.status === 'rejected') {
      const error: unknown = result.reason
      log.warn(
        isMarketError(error)
          ? { orderId: job.orderId, code: error.code, details: error.details }
          : { orderId: job.orderId },
        'settlement.refused',
      )
    }
  if (signatures.size < quorum.threshold)
    throw new MarketError('settlement-unsigned', 'no quorum signed the settlement', {
      details: { have: signatures.size, need: quorum.threshold },
    })
  return [...signatures].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, signature]) => signature)
}

/** Nothing can settle any more: the client's money goes back as soon as the contract lets anyone send it. */
async function waitForRefund(context: Context, job: JobRow, signal: AbortSignal): Promise<void> {
  const { clock } = context
  const wait = toUnixMs(job.terms.refundAt) - clock.now()
  if (wait > 0) await clock.sleep(durationMs(wait + 1000), signal)
}

/** Returns what is left to the client, waits for slashes to land, and closes. */
async function closeJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock, store, wallet } = context
  const order = await chain.order(orderId, signal)
  const before = store.job(orderId)!
  if (order.remaining > 0n && order.status !== 'refunded') {
    await wallet.refund(before.terms, signal)
    context.emit(orderId, { type: 'job.refunded', note: order.remaining.toString() })
  }
  const proof = before.proof ?? (await chain.settlementOf(orderId, signal))
  const charged =
    proof === undefined || before.settlement === undefined ? usdc(0n) : chargedOf(before.settlement, orderId)
  if (
    store.verdictsOf(orderId).some((verdict) => verdict.state !== 'slashed') &&
    clock.now() < toUnixMs(before.terms.refundAt)
  )
    throw new MarketError('settlement-unsigned', 'a slash of this job is still on its way')
  const job = store.job(orderId)!
  store.updateJob(job, {
    state: 'closed',
    outcome: outcomeOf(context, job, proof !== undefined),
    chargedUsdc: charged,
    refundedUsdc: usdc(job.terms.maxAmount - charged),
    closedAtMs: clock.now(),
    ...(proof && { proof }),
  })
  context.emit(orderId, { type: 'job.closed' })
  context.log.info({ orderId, charged: charged.toString() }, 'job.closed')
}

function outcomeOf({ store }: Context, job: JobRow, settled: boolean): JobOutcome {
  if (!settled) return job.cancelled ? 'cancelled' : 'refunded'
  const accepted = store.attemptsOf(job.orderId).filter((attempt) => attempt.state === 'accepted').length
  if (accepted === job.spec.shards.length) return 'settled'
  if (accepted > 0) return 'partial'
  return job.cancelled ? 'cancelled' : 'refunded'
}

const chargedOf = (settlement: Settlement, orderId: OrderId) =>
  settlement.orders.find((order) => order.orderId === orderId)?.charged ?? usdc(0n)
