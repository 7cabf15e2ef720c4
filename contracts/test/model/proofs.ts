/** What an operator's own signatures show: that it took part, or that it said two things. See `IDisputes`. */
import type { Hex } from 'viem'

import {
  type Batch,
  type Fault,
  type Place,
  type Verdict,
  auditCommitDigest,
  batchDigest,
  commitDigest,
  commitmentOf,
  orderIdOf,
} from './digests.ts'
import {
  recordVerdict,
  requireFresh,
  requireOrder,
  requireParties,
  slashCapOf,
  withRecord,
  withSlash,
} from './disputes.ts'
import { type Done, type Market, type OrderTerms, type VerdictRecord, ZERO_ADDRESS } from './market.ts'
import { unpackOrders } from './packed.ts'
import { revert } from './revert.ts'
import { recover } from './signatures.ts'
import { held, released } from './stakes.ts'

export interface CommitProof {
  readonly commitment: Hex
  readonly sealedHash: Hex
  readonly signature: Hex
}

export interface AuditProof {
  readonly provider: Hex
  readonly resultRoot: Hex
  readonly salt: Hex
  readonly round: number
  readonly auditCommitment: Hex
  readonly signature: Hex
}

export interface EquivocationProof {
  readonly shard: number
  readonly attempt: number
  readonly provider: Hex
  readonly first: CommitProof
  readonly second: CommitProof
}

export interface ConflictingAuditsProof {
  readonly shard: number
  readonly attempt: number
  readonly validator: Hex
  readonly first: AuditProof
  readonly second: AuditProof
}

export interface SignedBatch {
  readonly batch: Batch
  readonly position: bigint
  readonly signature: Hex
}

const OUTCOME = { providerFault: 1, validatorFault: 2, equivocation: 3, conflictingAudits: 4, conflictingBatches: 5 }
const NOTHING: Hex = `0x${'00'.repeat(32)}`

// ── Verdicts, with the accused's own signature ────────────────────────────────────────────────────────────────────────

export interface VerdictCase<Proof> {
  readonly verdict: Verdict
  readonly terms: OrderTerms
  readonly proof: Proof
  readonly signatures: Hex
}

export function submitVerdict(market: Market, given: VerdictCase<CommitProof>): Done {
  const { verdict, terms, proof, signatures } = given
  if (verdict.outcome !== OUTCOME.providerFault) throw revert('disputes', 'BadOutcome', verdict.outcome)
  requireCommit(market, { ...verdict, provider: verdict.accused }, proof)
  return recordVerdict(market, verdict, terms, signatures)
}

export function submitValidatorVerdict(market: Market, given: VerdictCase<AuditProof>): Done {
  const { verdict, terms, proof, signatures } = given
  if (verdict.outcome !== OUTCOME.validatorFault) throw revert('disputes', 'BadOutcome', verdict.outcome)
  requireAudit(market, verdict, proof)
  return recordVerdict(market, verdict, terms, signatures)
}

// ── Convictions by arithmetic ─────────────────────────────────────────────────────────────────────────────────────────

/** A provider committed to two results of one attempt. */
export function proveEquivocation(market: Market, proof: EquivocationProof, terms: OrderTerms, reporter: Hex): Done {
  const { shard, attempt, provider, first, second } = proof
  if (first.commitment === second.commitment) throw revert('disputes', 'NoConflict')
  const place = { orderId: orderIdOf(market.setting, terms), shard, attempt, provider }
  for (const commit of [first, second]) requireCommit(market, place, commit)
  return convict(market, { ...place, accused: provider, outcome: OUTCOME.equivocation }, terms, reporter)
}

/** A validator answered one blind audit of one commitment twice. */
export function proveConflictingAudits(
  market: Market,
  proof: ConflictingAuditsProof,
  terms: OrderTerms,
  reporter: Hex,
): Done {
  const { shard, attempt, validator: accused, first, second } = proof
  if (first.auditCommitment === second.auditCommitment || first.round !== second.round) {
    throw revert('disputes', 'NoConflict')
  }
  const orderId = orderIdOf(market.setting, terms)
  const fault = { orderId, shard, attempt, accused, outcome: OUTCOME.conflictingAudits }
  const [one, other] = [first, second].map((audit) => requireAudit(market, fault, audit))
  if (one !== other) throw revert('disputes', 'NoConflict')
  return convict(market, fault, terms, reporter)
}

/** A validator signed two settlements that charge one order differently, or that differ though they settle it alone. */
export function proveConflictingBatches(
  market: Market,
  accused: Hex,
  batches: readonly [SignedBatch, SignedBatch],
  { terms, reporter }: { terms: OrderTerms; reporter: Hex },
): Done {
  const orderId = orderIdOf(market.setting, terms)
  const [one, other] = batches.map((signed) => requireSettlement(market, { orderId, accused }, signed))
  if (one?.digest === other?.digest) throw revert('disputes', 'NoConflict')
  const both = batches.every(({ batch }) => batch.tabs === '0x' && unpackOrders(batch.orders).length === 1)
  if (one?.charged === other?.charged && !both) throw revert('disputes', 'NoConflict')
  const fault = { orderId, shard: 0, attempt: 0, accused, outcome: OUTCOME.conflictingBatches }
  return convict(market, fault, terms, reporter)
}

/** Takes the most that the order allows, at once, whatever the quorum's day has left. */
function convict(market: Market, fault: Fault, terms: OrderTerms, detector: Hex): Done {
  const { orderId, accused, outcome } = fault
  requireParties(market, accused, detector)
  requireOrder(market, orderId, terms)
  const verdictId = requireFresh(market, fault)
  const slash = slashCapOf(terms.maxAmount)
  const record: VerdictRecord = {
    status: 'final',
    outcome,
    guilty: true,
    round: 0,
    closesAt: market.now,
    slash,
    collected: slash,
    quorumId: terms.quorumId,
    accused,
    bond: 0n,
    benchId: 0,
    detector,
    client: terms.client,
    appellant: ZERO_ADDRESS,
  }
  const claimed = held(withRecord(market, verdictId, record), accused, slash)
  const { market: after, taken } = withSlash(claimed, record, slash)
  return { market: released(after, accused, slash, true), answer: taken }
}

// ── Signatures of the accused ─────────────────────────────────────────────────────────────────────────────────────────

function requireCommit(market: Market, place: Place, { commitment, sealedHash, signature }: CommitProof): void {
  requireBy(place.provider, commitDigest(market.setting, place, commitment, sealedHash), signature)
}

/** Returns the commitment under audit. */
function requireAudit(market: Market, fault: Fault, audit: AuditProof): Hex {
  const { provider, resultRoot, salt, round, auditCommitment, signature } = audit
  const commitment = commitmentOf(market.setting, { ...fault, provider }, { resultRoot, salt })
  const signed = { commitment, round, validator: fault.accused, auditCommitment }
  requireBy(fault.accused, auditCommitDigest(market.setting, signed), signature)
  return commitment
}

function requireSettlement(
  market: Market,
  { orderId, accused }: Pick<Fault, 'orderId' | 'accused'>,
  { batch, position, signature }: SignedBatch,
): { readonly digest: Hex; readonly charged: bigint } {
  const charge = unpackOrders(batch.orders)[Number(position)]
  if (charge?.orderId !== orderId) throw revert('disputes', 'WrongOrder', charge?.orderId ?? NOTHING, orderId)
  const digest = batchDigest(market.setting, batch)
  requireBy(accused, digest, signature)
  return { digest, charged: charge.amount }
}

function requireBy(accused: Hex, digest: Hex, signature: Hex): void {
  if (recover(digest, signature) !== accused) throw revert('disputes', 'NotInvolved', accused)
}
