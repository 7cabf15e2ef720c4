import {
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  recoverSigner,
  type Address,
  type AuditRound,
  type Commitment,
  type MarketDomain,
  type SignedAuditCommit,
} from '@assay/protocol'
import type { SeatResult } from './decide-audit.ts'
import { fault, type Fault } from './fault.ts'

/** Which round of which commit, and who may sit in it. */
export interface RoundContext {
  readonly market: MarketDomain
  readonly commitment: Commitment
  readonly round: number
  /** Seats, then alternates, in drawing order. */
  readonly drawn: readonly Address[]
}
/** What a round came to, in drawing order. */
export interface RoundResults {
  readonly results: readonly SeatResult[]
  /** Who committed and did not show a result. */
  readonly unopened: readonly Address[]
}

/**
 * Checks one blind round: every audit commit is signed by a drawn seat for this round of this commit, every attestation
 * opens its own commit, nobody appears twice. Nothing in it depends on the order of commits or attestations.
 */
export function readRound({ commits, attestations }: AuditRound, context: RoundContext): RoundResults | Fault {
  const { market, commitment: audited, round, drawn } = context
  const promised = new Map<Address, SignedAuditCommit>()
  for (const commit of commits) {
    const bad = checkAuditCommit(commit, context)
    if (bad !== undefined) return bad
    if (promised.has(commit.validator)) return fault('seat-repeated', { validator: commit.validator, round })
    promised.set(commit.validator, commit)
  }
  const results = new Map<Address, SeatResult>()
  for (const attestation of attestations) {
    const { validator, commitment, resultRoot, salt } = attestation
    const about = { commitment: audited, validator, round }
    const promise = promised.get(validator)
    if (promise === undefined) return fault('attestation-uncommitted', about)
    if (results.has(validator)) return fault('seat-repeated', about)
    if (
      commitment !== audited ||
      attestation.round !== round ||
      recoverSigner(deriveAttestationDigest(market, attestation), attestation.signature) !== validator
    )
      return fault('attestation-invalid', about)
    if (deriveAuditCommitment(market, promise, { resultRoot, salt }) !== promise.auditCommitment)
      return fault('attestation-mismatch', about)
    results.set(validator, { validator, root: resultRoot })
  }
  return {
    results: drawn.flatMap((seat) => results.get(seat) ?? []),
    unopened: drawn.filter((seat) => promised.has(seat) && !results.has(seat)),
  }
}

function checkAuditCommit(
  promise: SignedAuditCommit,
  { market, commitment, round, drawn }: RoundContext,
): Fault | undefined {
  const { validator } = promise
  const about = { commitment, validator, round }
  if (
    promise.commitment !== commitment ||
    promise.round !== round ||
    recoverSigner(deriveAuditCommitDigest(market, promise), promise.signature) !== validator
  )
    return fault('audit-commit-invalid', about)
  return drawn.includes(validator) ? undefined : fault('seat-undrawn', about)
}
