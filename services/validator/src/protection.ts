/**
 * What this validator must never sign, judged from what it signed before. Each rule is checked in the same step as the
 * record that the signature will stand on, with no pause in between; its error carries both sides of the conflict.
 */
import { verificationPolicy } from '@assay/core'
import {
  MarketError,
  type Address,
  type Commitment,
  type ErrorCode,
  type Hash32,
  type OrderId,
  type SignedCommit,
  type Verdict,
} from '@assay/protocol'
import type { HeldCommit, SettlementRow, ValidatorStore } from './store/records.ts'

/** The part of the store that the rules read. */
export type SigningRecord = Pick<
  ValidatorStore,
  'epochsOf' | 'commitOf' | 'auditsOf' | 'settlement' | 'verdictOn' | 'verdictsOf'
>

export type ProtectionRule =
  /** One attempt has one commit: a second one signed by the same provider is never put into an epoch beside the first. */
  | 'one-commit-an-attempt'
  /** A commit of another acknowledged epoch is acknowledged again only to be audited for certain. */
  | 'one-sample-a-commit'
  /** Each epoch draws another auditor: a commit is acknowledged in two at most. */
  | 'two-proposals-a-commit'
  /** A validator has one result for a commit: it sits in one round only. */
  | 'one-result-a-commit'
  /** An order is settled in one way. */
  | 'one-settlement-an-order'
  /** A commit is convicted in one way. */
  | 'one-verdict-a-commit'
  /** Nobody judges itself, and a validator is convicted in one way for its part in an audit. */
  | 'never-on-itself'
  | 'one-verdict-a-seat'
  /** What was convicted is not paid, and what was paid is not convicted, unless its client challenged it. */
  | 'no-pay-and-conviction'

/** Throws `epoch-refused` when the provider of a leaf signed two commits for one attempt. */
export function protectAttempts(record: SigningRecord, commits: readonly SignedCommit[]): void {
  const seen = new Map<string, SignedCommit>()
  for (const commit of commits) {
    const key = `${commit.orderId}/${commit.shard}/${commit.attempt}`
    const held = seen.get(key) ?? record.commitOf(commit)?.commit
    seen.set(key, commit)
    if (held === undefined || held.commitment === commit.commitment) continue
    throw conflict('epoch-refused', 'one-commit-an-attempt', {
      blame: 'provider',
      details: {
        orderId: commit.orderId,
        shard: commit.shard,
        attempt: commit.attempt,
        heldProvider: held.provider,
        heldCommitment: held.commitment,
        heldSealedHash: held.sealedHash,
        heldSignature: held.signature,
        askedProvider: commit.provider,
        askedCommitment: commit.commitment,
        askedSealedHash: commit.sealedHash,
        askedSignature: commit.signature,
      },
    })
  }
}

/** Other acknowledged epochs that hold the commitment: with any, only a full rate may be acknowledged. */
export const earlierEpochs = (record: SigningRecord, commitment: Commitment, proposal: Hash32): readonly HeldCommit[] =>
  record.epochsOf(commitment).filter((held) => held.proposal !== proposal)

/**
 * Throws `epoch-refused` when one of the leaves is below a full rate although another epoch holds its commit, or when its
 * commit was acknowledged in as many others as one may be.
 */
export function protectSample(
  record: SigningRecord,
  proposal: Hash32,
  leaves: readonly { readonly commit: SignedCommit; readonly ratePpm: number }[],
): void {
  for (const { commit, ratePpm } of leaves) {
    const earlier = earlierEpochs(record, commit.commitment, proposal)
    const acknowledged = earlier.filter((one) => one.acknowledged)
    if (acknowledged.length >= verificationPolicy.mostProposals)
      throw conflict('epoch-refused', 'two-proposals-a-commit', {
        details: { commitment: commit.commitment, acknowledged: acknowledged.length, askedProposal: proposal },
      })
    const [held] = earlier
    if (held === undefined || ratePpm >= fullRate) continue
    throw conflict('epoch-refused', 'one-sample-a-commit', {
      details: { commitment: commit.commitment, heldProposal: held.proposal, askedProposal: proposal, ratePpm },
    })
  }
}

/** Throws `audit-refused` when this validator has a result for the commit from another round. */
export function protectSeat(record: SigningRecord, commitment: Commitment, round: number): void {
  const held = record.auditsOf(commitment).find((audit) => audit.round !== round)
  if (held === undefined) return
  throw conflict('audit-refused', 'one-result-a-commit', {
    details: { commitment, heldRound: held.round, askedRound: round },
  })
}

/** Throws `settlement-refused` when an order was signed otherwise before, or pays what was convicted. */
export function protectSettlement(
  record: SigningRecord,
  asked: Pick<SettlementRow, 'orderId' | 'content' | 'batch' | 'accepted'>,
): void {
  const { orderId, content, batch, accepted } = asked
  const held = record.settlement(orderId)
  if (held !== undefined && held.content !== content) {
    throw conflict('settlement-refused', 'one-settlement-an-order', {
      details: { orderId, heldContent: held.content, heldBatch: held.batch, askedContent: content, askedBatch: batch },
    })
  }
  const convicted = accepted.find((commitment) => record.verdictOn(commitment) !== undefined)
  if (convicted !== undefined) throw paidAndConvicted(orderId, convicted)
}

/** Throws `settlement-refused` when the commit was convicted otherwise, or paid, before. */
export function protectVerdict(
  record: SigningRecord,
  asked: {
    readonly commitment: Commitment
    readonly content: Hash32
    readonly verdict: Verdict
    /** Its client challenged it: what was paid for it stays paid, and the stake answers. */
    readonly challenged: boolean
  },
): void {
  const { challenged, commitment, content, verdict } = asked
  const held = record.verdictOn(commitment)
  if (held !== undefined && held.content !== content) {
    throw conflict('settlement-refused', 'one-verdict-a-commit', {
      details: { commitment, heldEvidence: held.verdict.evidence, askedEvidence: verdict.evidence },
    })
  }
  if (!challenged && record.settlement(verdict.orderId)?.accepted.includes(commitment) === true)
    throw paidAndConvicted(verdict.orderId, commitment)
}

/** Throws `settlement-refused` when the accused is this validator, or was convicted otherwise for its part in the audit. */
export function protectValidatorVerdict(
  record: Pick<ValidatorStore, 'validatorVerdict'>,
  asked: {
    readonly self: Address
    readonly commitment: Commitment
    readonly content: Hash32
    readonly verdict: Verdict
  },
): void {
  const { self, commitment, content, verdict } = asked
  const { accused } = verdict
  if (accused === self) throw conflict('settlement-refused', 'never-on-itself', { details: { commitment, accused } })
  const held = record.validatorVerdict(commitment, accused)
  if (held === undefined || held.content === content) return
  throw conflict('settlement-refused', 'one-verdict-a-seat', {
    details: { commitment, accused, heldEvidence: held.verdict.evidence, askedEvidence: verdict.evidence },
  })
}

const fullRate = 1_000_000

const paidAndConvicted = (orderId: OrderId, commitment: Commitment): MarketError =>
  conflict('settlement-refused', 'no-pay-and-conviction', { details: { orderId, commitment } })

const conflict = (
  code: ErrorCode,
  rule: ProtectionRule,
  options: { readonly blame?: 'provider'; readonly details: Readonly<Record<string, string | number>> },
): MarketError =>
  new MarketError(code, `it contradicts what was signed before: ${rule}`, {
    ...options,
    details: { rule, ...options.details },
  })
