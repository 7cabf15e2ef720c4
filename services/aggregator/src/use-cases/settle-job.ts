import { deriveSettlement, toBatch } from '@assay/core'
import {
  asHash,
  assertBug,
  decodeError,
  deriveBatchDigest,
  durationMs,
  MarketError,
  toUnixMs,
  usdc,
  verdictOutcomes,
  type Address,
  type Hash32,
  type JobEvidence,
  type JobOutcome,
  type MemberSettlement,
  type OrderId,
  type Settlement,
  type Signature,
  type UsdcBase,
} from '@assay/protocol'
import { askValidator, collectSignatures, ownSignature } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { JobRow } from '../store/records.ts'
import { buildEvidence } from './build-evidence.ts'
import { noteFault } from './note-fault.ts'
import { reopenJob } from './reopen-job.ts'
import { isJudged } from './is-judged.ts'
import { concludeAccepted, settleAccepted } from './settle-accepted.ts'
import { takeClaims, type Claim } from './take-claims.ts'

/**
 * Takes a job whose shards are all final to its end: derive, sign, settle, return the rest, close. The settlement is
 * stored before anyone signs it, so that a restart continues the same one; the chain refuses a second.
 */
export async function settleJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock } = context
  const order = await chain.order(orderId, signal)
  const job = findJob(context, orderId)
  if (job.proof === undefined && order.status === 'funded') {
    if (!isJudged(job) && clock.now() < toUnixMs(job.terms.settleBy)) {
      await settleAccepted(context, orderId, signal)
      // Settled, or too late: the next round finds out which.
      return
    }
    if (clock.now() < toUnixMs(job.terms.settleBy)) {
      if (await reopenJob(context, job, signal)) return context.wake()
      if (!(await settleOnChain(context, job, signal))) return
    } else await waitForRefund(context, job, signal)
  }
  await closeJob(context, orderId, signal)
}

/** Whether the order is settled now; otherwise the job went back to work. */
async function settleOnChain(context: Context, job: JobRow, signal: AbortSignal): Promise<boolean> {
  const { chain, emit, store, wallet } = context
  const { orderId, terms } = job
  const evidence = store.evidence(orderId) ?? (await buildEvidence(context, job, signal))
  const derived = deriveSettlement(chain.market, [evidence])
  if (!derived.ok)
    throw new MarketError('internal', 'our own evidence does not hold', {
      details: { fault: derived.fault, ...derived.details },
    })
  if (store.evidence(orderId) === undefined) store.updateJob(findJob(context, orderId), { evidence })
  const unsigned = derived.settlement
  const signatures = job.settlement?.signatures ?? (await collectQuorum(context, job, { evidence, unsigned }, signal))
  if (signatures === undefined) return false
  const settlement: Settlement = { ...unsigned, signatures: [...signatures] }
  if (job.settlement === undefined) store.updateJob(findJob(context, orderId), { settlement })
  const sent = await wallet.settle({ aggregator: terms.aggregator, quorumId: terms.quorumId, ...settlement }, signal)
  const { blockNumber, gasUsed } = sent
  const proof = { transactionHash: asHash<Hash32>(sent.transactionHash), blockNumber, gasUsed }
  store.updateJob(findJob(context, orderId), { proof, chargedUsdc: chargedOf(settlement, orderId) })
  emit(orderId, { type: 'job.settled', note: sent.transactionHash })
  return true
}

/** The quorum's signatures, or `undefined` when the job went back to work with commits that it had left out. */
async function collectQuorum(
  context: Context,
  job: JobRow,
  { evidence, unsigned }: { readonly evidence: JobEvidence; readonly unsigned: Omit<Settlement, 'signatures'> },
  signal: AbortSignal,
): Promise<readonly Signature[] | undefined> {
  const { aggregator, quorumId } = job.terms
  const digest = deriveBatchDigest(context.chain.market, toBatch({ settlement: unsigned, quorumId, aggregator }))
  const message = { type: 'settle' as const, evidence: [evidence], settlement: unsigned }
  const deadlineMs = limits.validatorReplyMs * 3
  const claims = new Map<string, Claim>()
  const sign = async (validator: Address, inTime: AbortSignal): Promise<Signature> => {
    const question = { message, expected: ['signed', 'censored'] as const, deadlineMs }
    const reply = await askValidator(context, validator, question, inTime)
    if (reply.type === 'signed') {
      const signature = ownSignature(digest, validator, reply.signature)
      noteSettlement(context, job, validator, { aggregator, quorumId, ...unsigned, signatures: [signature] })
      return signature
    }
    for (const counter of reply.counters) claims.set(counter.payload, { counter, heldBy: validator })
    throw decodeError(reply.error)
  }
  try {
    return await collectSignatures(context, 'settlement.refused', sign, signal)
  } catch (error) {
    if (await takeClaims(context, job, [...claims.values()], signal)) return undefined
    throw error
  }
}

/** A member that signed this order otherwise before, when the job was sent back to its audits, convicts itself. */
function noteSettlement(context: Context, job: JobRow, validator: Address, second: MemberSettlement): void {
  const { orderId, terms } = job
  const first = context.store.keepSettlement(orderId, validator, second)
  noteFault(context, { kind: 'conflicting-batches', terms, validator, first, second })
}

/** Nothing can settle any more: the client's money goes back as soon as the contract lets anyone send it. */
async function waitForRefund({ clock }: Context, job: JobRow, signal: AbortSignal): Promise<void> {
  const wait = toUnixMs(job.terms.refundAt) - clock.now()
  if (wait > 0) await clock.sleep(durationMs(wait + 1000), signal)
}

/** Returns what is left to the client, waits for slashes to land, and closes. */
async function closeJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { chain, clock, emit, log, store, wallet } = context
  const order = await chain.order(orderId, signal)
  const { terms } = findJob(context, orderId)
  if (order.remaining > 0n && order.status !== 'refunded') {
    await wallet.refund(terms, signal)
    emit(orderId, { type: 'job.refunded', note: order.remaining.toString() })
  }
  const proof = findJob(context, orderId).proof ?? (await chain.settlementOf(orderId, signal))
  const charged = chargedBy(findJob(context, orderId), proof !== undefined)
  const slashing = store
    .verdictsOf(orderId)
    .some(
      ({ state, verdict }) =>
        verdict.outcome === verdictOutcomes.providerFault && (state === 'collecting' || state === 'submitted'),
    )
  if (slashing && clock.now() < toUnixMs(terms.refundAt))
    throw new MarketError('settlement-unsigned', 'a slash of this job is still on its way')
  store.transaction(() => {
    const job = findJob(context, orderId)
    if (!isJudged(job)) concludeAccepted(context, { ...job, chargedUsdc: charged })
    store.updateJob(job, {
      state: 'closed',
      outcome: outcomeOf(context, job, proof !== undefined),
      chargedUsdc: charged,
      refundedUsdc: usdc(terms.maxAmount - charged),
      closedAtMs: clock.now(),
      ...(proof && { proof }),
    })
  })
  emit(orderId, { type: 'job.closed' })
  log.info({ orderId, charged: charged.toString() }, 'job.closed')
}

/** The newest record of a job that is there. */
function findJob({ store }: Context, orderId: OrderId): JobRow {
  const job = store.job(orderId)
  assertBug(job !== undefined, 'a settling job is in the store')
  return job
}

function outcomeOf({ store }: Context, job: JobRow, settled: boolean): JobOutcome {
  if (!settled) return job.cancelled ? 'cancelled' : 'refunded'
  const accepted = store.attemptsOf(job.orderId).filter((attempt) => attempt.state === 'accepted').length
  if (accepted === job.spec.shards.length) return 'settled'
  if (accepted > 0) return 'partial'
  return job.cancelled ? 'cancelled' : 'refunded'
}

/** What left the escrow: by the settlement that this aggregator built, or by what it saw on chain of a client's own. */
function chargedBy({ chargedUsdc, orderId, settlement }: JobRow, settled: boolean): UsdcBase {
  if (!settled) return usdc(0n)
  return settlement === undefined ? (chargedUsdc ?? usdc(0n)) : chargedOf(settlement, orderId)
}

const chargedOf = (settlement: Settlement, orderId: OrderId): UsdcBase =>
  settlement.orders.find((order) => order.orderId === orderId)?.charged ?? usdc(0n)
