/**
 * Why an epoch, an audit, the evidence of a job or a batch does not hold. Each code belongs to one stage; a judge works
 * through the stages in this order and stops at the first fault.
 */
export const judgementStages = [
  'terms',
  'quorum',
  'epochs',
  'seeds',
  'commits',
  'sampling',
  'audits',
  'contagion',
  'shards',
  'operators',
  'amounts',
  'batch',
] as const
export type JudgementStage = (typeof judgementStages)[number]

/** Fault code → stage. Codes are permanent. */
export const faultStages = {
  'spec-hash-mismatch': 'terms',
  'client-mismatch': 'terms',
  'class-unsettleable': 'terms',
  'quorum-mismatch': 'quorum',
  'quorum-malformed': 'quorum',
  'proposal-invalid': 'epochs',
  'proposal-signer-mismatch': 'epochs',
  'market-mismatch': 'epochs',
  'epoch-quorum-mismatch': 'epochs',
  'beacon-mismatch': 'epochs',
  'seats-mismatch': 'epochs',
  'leaf-count-mismatch': 'epochs',
  'leaves-unsorted': 'epochs',
  'root-mismatch': 'epochs',
  'commit-signature-invalid': 'epochs',
  'seed-round-published': 'epochs',
  'ack-invalid': 'epochs',
  'ack-late': 'epochs',
  'ack-repeated': 'epochs',
  'acks-insufficient': 'epochs',
  'aggregator-mismatch': 'epochs',
  'epoch-repeated': 'epochs',
  'epoch-irrelevant': 'epochs',
  'seed-round-mismatch': 'seeds',
  'seed-invalid': 'seeds',
  'shard-unknown': 'commits',
  'attempt-repeated': 'commits',
  'commitment-repeated': 'commits',
  'provider-repeated': 'commits',
  'rate-too-low': 'commits',
  'failure-contradicted': 'commits',
  'audit-unknown': 'sampling',
  'audit-repeated': 'sampling',
  'audit-missing': 'sampling',
  'reason-mismatch': 'sampling',
  'order-mismatch': 'audits',
  'opening-mismatch': 'audits',
  'rounds-too-many': 'audits',
  'round-unneeded': 'audits',
  'audit-commit-invalid': 'audits',
  'seat-undrawn': 'audits',
  'seat-repeated': 'audits',
  'attestation-invalid': 'audits',
  'attestation-uncommitted': 'audits',
  'attestation-mismatch': 'audits',
  'challenge-missing': 'audits',
  'challenge-invalid': 'audits',
  'challenge-signer-mismatch': 'audits',
  'challenge-mismatch': 'audits',
  'challenge-repeated': 'audits',
  'agreement-unneeded': 'audits',
  'agreement-invalid': 'audits',
  'agreement-incomplete': 'audits',
  'audit-undecided': 'audits',
  'contagion-incomplete': 'contagion',
  'shard-accepted-twice': 'shards',
  'shard-retried': 'shards',
  'operator-repeated': 'operators',
  'operator-missing': 'operators',
  'charge-over-max': 'amounts',
  'batch-empty': 'batch',
  'batch-mixed': 'batch',
  'order-repeated': 'batch',
  'operator-conflict': 'batch',
  'commit-censored': 'batch',
} as const satisfies Record<string, JudgementStage>
export type FaultCode = keyof typeof faultStages

/** A finding against what was shown; a value, never thrown. */
export interface Fault {
  readonly ok: false
  readonly fault: FaultCode
  /** Ids and numbers that let a person find the place. */
  readonly details: FaultDetails
}
export type FaultDetails = Readonly<Record<string, string | number | boolean>>

export const fault = (code: FaultCode, details: FaultDetails = {}): Fault => ({ ok: false, fault: code, details })
