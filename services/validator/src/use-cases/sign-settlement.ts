import { deriveSettlement, toBatch, type DerivedSettlement, type Fault, type JudgedEvidence } from '@assay/core'
import {
  asHash,
  deriveBatchDigest,
  deriveOrderId,
  encodeCanonical,
  encodeCanonicalBytes,
  encodeError,
  keccakHex,
  limits,
  MarketError,
  toJson,
  toUnixMs,
  type Address,
  type Audit,
  type Hash32,
  type JobEvidence,
  type OrderId,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'
import { protectSettlement } from '../protection.ts'
import type { ClaimRow, JudgedRow, SettlementRow } from '../store/records.ts'
import { askOpening } from './ask-opening.ts'
import { knownConvictions } from './known-convictions.ts'

export type SettleRequest = Extract<ValidatorRequest, { type: 'settle' }>

/**
 * Signs a settlement after deriving it again from the evidence, and checking the evidence against the chain and the own
 * records. What is signed for an order is durable before the signature leaves, and never changes. Throws `settlement-refused`.
 */
export async function signSettlement(
  context: ValidatorContext,
  { evidence, settlement }: SettleRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, log, signer, store } = context
  if (evidence.some(({ terms }) => terms.aggregator !== from)) throw refuse('not-its-aggregator')
  // Before the evidence is judged: only who has funded orders can make us work.
  for (const job of evidence) await checkOrder(context, job, signal)
  const convicted = await knownConvictions(context, evidence, signal)
  const claims = openClaims(context, evidence)
  const derived = deriveSettlement(chain.market, evidence, { convicted, claims: claims.map(({ commit }) => commit) })
  if (!derived.ok && derived.fault === 'commit-censored') return censored(context, evidence, claims, derived)
  if (!derived.ok) throw refuse(derived.fault, derived.details)
  if (!isSame(derived.settlement, settlement)) throw refuse('settlement-differs')
  for (const job of evidence) await checkJob(context, job, signal)
  const waiting = derived.jobs.map((job) => [job.orderId, waitForClaims(context, job)] as const)
  for (const [orderId, waitMs] of waiting) if (waitMs > 0) throw refuse('claims-open', { orderId, waitMs })

  const digest = deriveBatchDigest(chain.market, toBatch(derived))
  const rows = toRows(context, derived, asHash(digest))
  for (const row of rows) protectSettlement(store, row)
  store.addSettlements(rows, toJudged(derived, evidence))
  const charged = settlement.orders.reduce((sum, order) => sum + order.charged, 0n)
  log.info({ orders: rows.map(({ orderId }) => orderId), charged: charged.toString() }, 'settlement.signed')
  return { type: 'signed', signature: await signer.sign(digest) }
}

/**
 * What providers claim of these orders and no acknowledged epoch holds. A commit that is in one needs no claim: it cannot
 * be left out anyway.
 */
const openClaims = ({ chain, store }: ValidatorContext, evidence: readonly JobEvidence[]): readonly ClaimRow[] =>
  evidence
    .flatMap(({ terms }) => store.claimsOf(deriveOrderId(chain.market, terms)))
    .filter(({ commitment, retracted }) => !retracted && store.epochsOf(commitment).length === 0)

/**
 * Work that was dropped shows as a shard that nobody is paid for. Whoever did it must have had the time to claim it, or a
 * quick settlement would be the end of the matter. Gives the milliseconds that are left.
 */
function waitForClaims({ clock, shownAtMs, store }: ValidatorContext, { orderId, shards }: JudgedEvidence): number {
  const unpaid = shards.some(
    ({ accepted, commits }) => accepted === undefined && commits.every(({ verdict }) => verdict !== 'nondeterministic'),
  )
  if (!unpaid || store.settlement(orderId) !== undefined) return 0
  const now = clock.now()
  const shown = shownAtMs.get(orderId) ?? now
  shownAtMs.set(orderId, shown)
  const [oldest] = shownAtMs.keys()
  if (shownAtMs.size > validatorLimits.claimWaits && oldest !== undefined) shownAtMs.delete(oldest)
  return Math.max(0, shown + validatorLimits.claimWaitMs - now)
}

/** Not signed; with the providers' own words, so that the aggregator can mend it. */
function censored(
  { log }: ValidatorContext,
  evidence: readonly JobEvidence[],
  claims: readonly ClaimRow[],
  { fault, details }: Fault,
): ValidatorReply {
  const shown = new Set(
    evidence.flatMap(({ epochs }) => epochs.flatMap(({ leaves }) => leaves.map(({ commit }) => commit.commitment))),
  )
  const missing = claims.filter(({ commitment }) => !shown.has(commitment))
  log.info({ details, claims: missing.length }, 'settlement.censored')
  return {
    type: 'censored',
    error: encodeError(refuse(fault, details)),
    counters: missing.slice(0, limits.countersAtOnce).map(({ envelope }) => envelope),
  }
}

/** That the order is open on chain and this validator's to settle. */
async function checkOrder(context: ValidatorContext, evidence: JobEvidence, signal: AbortSignal): Promise<void> {
  const { beacon, chain, chainFacts, clock, signer } = context
  const { terms } = evidence
  const orderId = deriveOrderId(chain.market, terms)
  const quorum = await chainFacts.quorum(terms.quorumId, signal)
  if (quorum === undefined || !quorum.members.includes(signer.address)) throw refuse('not-a-member', { orderId })
  if (
    !isSame(
      { ...evidence.quorum, members: evidence.quorum.members.toSorted() },
      { ...quorum, members: quorum.members.toSorted() },
    )
  )
    throw refuse('quorum-differs', { orderId })
  if (!isSame(evidence.beacon, beacon.info)) throw refuse('beacon-differs', { orderId })
  const order = await chain.order(orderId, signal)
  if (order.status !== 'funded' || order.quorumId !== terms.quorumId)
    throw refuse('order-closed', { orderId, status: order.status })
  if (clock.now() >= toUnixMs(terms.settleBy)) throw refuse('order-overdue', { orderId })
}

/** What else the evidence alone cannot show. */
async function checkJob(context: ValidatorContext, evidence: JobEvidence, signal: AbortSignal): Promise<void> {
  const orderId = deriveOrderId(context.chain.market, evidence.terms)
  for (const { address, index } of evidence.operators)
    if ((await context.chainFacts.operator(address, signal))?.index !== index)
      throw refuse('operator-differs', { orderId, address, index })
  checkComplete(context, evidence, orderId)
  await checkUnopened(context, evidence, signal)
}

/**
 * A commit that this validator acknowledged or convicted cannot be left out: its sample might have convicted somebody.
 * Close to `settleBy` what is undecided may be given up, so that the rest can be paid; a conviction never.
 */
function checkComplete({ clock, store }: ValidatorContext, evidence: JobEvidence, orderId: OrderId): void {
  const shown = new Set(evidence.epochs.flatMap(({ leaves }) => leaves.map(({ commit }) => commit.commitment)))
  const convicted = store.verdictsOf(orderId).find(({ commitment }) => !shown.has(commitment))
  if (convicted !== undefined) throw refuse('conviction-left-out', { orderId, commitment: convicted.commitment })
  if (clock.now() >= toUnixMs(evidence.terms.settleBy) - validatorLimits.abandonMs) return
  const missing = store.commitsOf(orderId).find((commitment) => !shown.has(commitment))
  if (missing !== undefined) throw refuse('epoch-left-out', { orderId, commitment: missing })
}

/** A commit that costs its provider the price because it did not open is asked for again, unless a verdict settled that. */
async function checkUnopened(context: ValidatorContext, evidence: JobEvidence, signal: AbortSignal): Promise<void> {
  for (const audit of evidence.audits) {
    if (audit.opening !== undefined || context.store.verdictOn(audit.commitment) !== undefined) continue
    const opening = await askOpening(context, unopenedCase(evidence, audit), signal)
    if (opening !== undefined) throw refuse('provider-opens', { commitment: audit.commitment, ...opening })
  }
}

function unopenedCase({ epochs }: JobEvidence, audit: Audit): Parameters<typeof askOpening>[1] {
  for (const { beacon, ...epoch } of epochs) {
    const leaf = epoch.leaves.find(({ commit }) => commit.commitment === audit.commitment)
    if (leaf !== undefined) return { commit: leaf.commit, audit, epoch, beacon }
  }
  throw refuse('audit-unknown', { commitment: audit.commitment })
}

function toRows({ clock }: ValidatorContext, { jobs }: DerivedSettlement, batch: Hash32): readonly SettlementRow[] {
  return jobs.map((job) => ({
    orderId: job.orderId,
    content: deriveContent(job),
    batch,
    accepted: job.shards.flatMap(({ accepted }) => accepted?.commit.commitment ?? []),
    atMs: clock.now(),
  }))
}

/** What one order pays, to whom and for what, whichever batch it stands in: a batch that reverts can be cut smaller. */
const deriveContent = ({ orderId, bill, shards }: JudgedEvidence): Hash32 => {
  const accepted = shards.map(({ shard, accepted: paid }) => ({ shard, commitment: paid?.commit.commitment }))
  return asHash(keccakHex(encodeCanonicalBytes(toJson({ orderId, bill, accepted }))))
}

function toJudged({ jobs }: DerivedSettlement, evidence: readonly JobEvidence[]): readonly JudgedRow[] {
  return jobs.flatMap(({ orderId, shards }, i) => {
    const determinism = evidence[i]?.spec.determinism ?? 'D1'
    return shards.flatMap(({ commits }) =>
      commits.flatMap(({ commit, verdict, audit }) => {
        if (audit === undefined) return []
        return { commitment: commit.commitment, orderId, provider: commit.provider, determinism, verdict }
      }),
    )
  })
}

const isSame = (a: unknown, b: unknown): boolean => encodeCanonical(toJson(a)) === encodeCanonical(toJson(b))

const refuse = (reason: string, details: Readonly<Record<string, string | number | boolean>> = {}): MarketError =>
  new MarketError('settlement-refused', `the settlement is refused: ${reason}`, { details: { reason, ...details } })
