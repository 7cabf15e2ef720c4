/**
 * Every failure of every stage of a job: whose fault it is, what it does to the money, what to do next. Blame and next step
 * of an error code are those of `errorTable`; judgement faults and verdicts have theirs here.
 */
import { errorTable, type Blame, type ErrorCode, type ShardVerdict } from '@assay/protocol'
import { faultStages, type FaultCode, type JudgementStage } from '../verify/fault.ts'
import type { MoneyRule } from './money-rules.ts'

/** The parts of a job's life, finer than the stages of the error table. */
export const lifePhases = [
  'start',
  'request',
  'gate',
  'quote',
  'funding',
  'dispatch',
  'lease',
  'input-fetch',
  'image',
  'execution',
  'sealing',
  'delivery',
  'commit',
  'epoch',
  'seed',
  'audit',
  'panel',
  'verdict',
  'appeal',
  'settlement',
  'refund',
  'withdrawal',
  'receipt',
] as const
export type LifePhase = (typeof lifePhases)[number]

export interface BlameRow {
  readonly phase: LifePhase
  /** Absent where nobody is at fault. */
  readonly blame: Blame | undefined
  readonly money: MoneyRule
  /** What the reader should do now. */
  readonly next: string
}

/** Phase and money rule of every error code. */
export const errorMoney = {
  'config-invalid': ['start', 'nothing'],
  'keystore-invalid': ['start', 'nothing'],
  unauthorized: ['request', 'unchanged'],
  'signature-invalid': ['request', 'unchanged'],
  'message-malformed': ['request', 'unchanged'],
  'message-too-large': ['request', 'unchanged'],
  'message-replayed': ['request', 'unchanged'],
  'rate-limited': ['request', 'unchanged'],
  'market-unreachable': ['request', 'unchanged'],
  'protocol-unsupported': ['request', 'unchanged'],
  'spec-invalid': ['quote', 'nothing'],
  'image-unknown': ['image', 'nothing'],
  'image-digest-mismatch': ['image', 'nothing'],
  'image-refused': ['image', 'nothing'],
  'input-missing': ['quote', 'nothing'],
  'input-too-large': ['quote', 'nothing'],
  'cap-exceeded': ['quote', 'nothing'],
  'budget-too-small': ['quote', 'nothing'],
  'no-providers': ['quote', 'nothing'],
  'hardware-class-unserved': ['quote', 'nothing'],
  'no-quorum': ['quote', 'nothing'],
  'quorum-unknown': ['quote', 'nothing'],
  'quorum-invalid': ['quote', 'nothing'],
  'quote-unknown': ['quote', 'nothing'],
  'quote-expired': ['quote', 'nothing'],
  'balance-insufficient': ['funding', 'nothing'],
  'allowance-insufficient': ['funding', 'nothing'],
  'gas-insufficient': ['funding', 'unchanged'],
  'authorization-invalid': ['funding', 'nothing'],
  'account-blocked': ['funding', 'credited'],
  'token-refused': ['funding', 'unchanged'],
  'token-mismatch': ['funding', 'nothing'],
  'intake-stopped': ['funding', 'nothing'],
  'deposit-incomplete': ['funding', 'unchanged'],
  'chain-mismatch': ['funding', 'nothing'],
  'terms-mismatch': ['funding', 'nothing'],
  'terms-invalid': ['funding', 'nothing'],
  'order-not-funded': ['funding', 'nothing'],
  'order-exists': ['funding', 'unchanged'],
  'job-unknown': ['request', 'unchanged'],
  'job-state': ['request', 'unchanged'],
  'job-incomplete': ['settlement', 'returned'],
  cancelled: ['execution', 'retried'],
  'deadline-passed': ['refund', 'held'],
  'blob-unknown': ['input-fetch', 'retried'],
  'blob-mismatch': ['input-fetch', 'retried'],
  'blob-too-large': ['input-fetch', 'retried'],
  'storage-full': ['input-fetch', 'retried'],
  'peer-unreachable': ['dispatch', 'retried'],
  'stream-closed': ['dispatch', 'retried'],
  'advert-invalid': ['dispatch', 'unchanged'],
  'stake-insufficient': ['lease', 'retried'],
  'stake-held': ['withdrawal', 'credited'],
  'operator-unknown': ['dispatch', 'unchanged'],
  'operator-exists': ['dispatch', 'unchanged'],
  'operator-invalid': ['dispatch', 'unchanged'],
  'lease-declined': ['lease', 'retried'],
  'lease-invalid': ['lease', 'retried'],
  'attempt-timeout': ['execution', 'retried'],
  'attempt-exit-nonzero': ['execution', 'retried'],
  'attempt-time-limit': ['execution', 'retried'],
  'attempt-memory-limit': ['execution', 'retried'],
  'attempt-pids-limit': ['execution', 'retried'],
  'attempt-disk-limit': ['execution', 'retried'],
  'attempt-output-limit': ['execution', 'retried'],
  'attempt-output-invalid': ['execution', 'retried'],
  'attempt-command-invalid': ['execution', 'retried'],
  'attempt-engine-fault': ['execution', 'retried'],
  'provider-gone': ['execution', 'retried'],
  'docker-unavailable': ['execution', 'retried'],
  'docker-permission': ['execution', 'retried'],
  'commit-invalid': ['commit', 'retried'],
  'sealed-invalid': ['delivery', 'retried'],
  'result-invalid': ['sealing', 'held'],
  'opening-invalid': ['audit', 'slashed'],
  'epoch-refused': ['epoch', 'held'],
  'acknowledgement-missing': ['epoch', 'held'],
  'beacon-unavailable': ['seed', 'held'],
  'beacon-invalid': ['seed', 'held'],
  'result-mismatch': ['panel', 'slashed'],
  'result-nondeterministic': ['panel', 'returned'],
  'audit-refused': ['audit', 'held'],
  'audit-missing': ['audit', 'held'],
  'settlement-refused': ['settlement', 'held'],
  'settlement-unsigned': ['settlement', 'held'],
  'result-unaccepted': ['settlement', 'returned'],
  'batch-invalid': ['settlement', 'held'],
  'verdict-invalid': ['verdict', 'unchanged'],
  'verdict-exists': ['verdict', 'unchanged'],
  'verdict-unknown': ['verdict', 'unchanged'],
  'appeal-pending': ['appeal', 'unchanged'],
  'slash-limit': ['verdict', 'unchanged'],
  'too-early': ['refund', 'held'],
  'nothing-due': ['withdrawal', 'unchanged'],
  'transaction-reverted': ['settlement', 'held'],
  'transaction-unconfirmed': ['settlement', 'held'],
  'fee-over-cap': ['settlement', 'held'],
  'rpc-unavailable': ['settlement', 'held'],
  'receipt-invalid': ['receipt', 'held'],
  'state-conflict': ['request', 'unchanged'],
  'certify-refused': ['gate', 'nothing'],
  'certify-incomplete': ['gate', 'nothing'],
  'certificate-refused': ['gate', 'nothing'],
  'certificate-unknown': ['gate', 'unchanged'],
  'certificate-invalid': ['gate', 'unchanged'],
  'certificate-revoked': ['gate', 'unchanged'],
  'challenge-refused': ['audit', 'unchanged'],
  'counter-refused': ['epoch', 'held'],
  'commit-retracted': ['commit', 'retried'],
  'retract-late': ['commit', 'held'],
  'strategy-invalid': ['start', 'nothing'],
  internal: ['request', 'unchanged'],
} as const satisfies Record<ErrorCode, readonly [LifePhase, MoneyRule]>

/** The row of an error code. */
export function blameOfError(code: ErrorCode): BlameRow {
  const [phase, money] = errorMoney[code]
  const { blame, next } = errorTable[code]
  return { phase, blame, money, next }
}

/** Where in a job's life the judgement of a stage bites. */
const phaseOfStage = {
  terms: 'settlement',
  quorum: 'settlement',
  epochs: 'epoch',
  seeds: 'seed',
  commits: 'commit',
  sampling: 'audit',
  audits: 'audit',
  contagion: 'audit',
  shards: 'settlement',
  operators: 'settlement',
  amounts: 'settlement',
  batch: 'settlement',
} as const satisfies Record<JudgementStage, LifePhase>

/** Faults whose cause is somebody else than the aggregator that assembled the evidence. */
export const faultBlame: Partial<Record<FaultCode, Blame>> = {
  'class-unsettleable': 'client',
  'ack-invalid': 'validator',
  'ack-late': 'validator',
  'commit-signature-invalid': 'provider',
  'opening-mismatch': 'provider',
  'audit-commit-invalid': 'validator',
  'attestation-invalid': 'validator',
  'attestation-mismatch': 'validator',
  'audit-undecided': 'validator',
}

/**
 * The row of a judgement fault. Whoever shows evidence answers for it, so the aggregator is to blame unless the fault is a
 * signed statement of somebody else; either way no signature follows and the escrow waits for better evidence or `refundAt`.
 */
export function blameOfFault(code: FaultCode): BlameRow {
  const phase = phaseOfStage[faultStages[code]]
  const blame = faultBlame[code] ?? 'aggregator'
  if (code === 'class-unsettleable')
    return { phase, blame, money: 'held', next: 'Accept the results yourself: `assay job accept`.' }
  const next = nextOfBlame[blame]
  return { phase, blame, money: 'held', next }
}

const nextOfBlame: Record<Blame, string> = {
  client: 'Ask for a new quote with terms that can be settled.',
  provider: 'Leave this commit out, and let another provider try the shard.',
  validator: 'Leave this statement out, and ask an alternate or another member of the quorum.',
  aggregator: 'Rebuild the evidence; a quorum signs only what holds. From refundAt on anyone can call refund.',
  network: 'Ask again.',
}

/** What follows from each verdict on a commit. */
export const verdictRows = {
  unsampled: {
    phase: 'seed',
    blame: undefined,
    money: 'paid',
    next: 'Nothing: the seed did not draw it, so the result is accepted.',
  },
  passed: { phase: 'audit', blame: undefined, money: 'paid', next: 'Nothing: a blind re-run gave the same result.' },
  'provider-right': {
    phase: 'panel',
    blame: 'validator',
    money: 'paid',
    next: 'Nothing: the panel agrees with the provider; the validators that did not are at fault.',
  },
  'provider-fault': {
    phase: 'panel',
    blame: 'provider',
    money: 'slashed',
    next: 'Wait: another provider tries the shard while time remains.',
  },
  'both-wrong': {
    phase: 'panel',
    blame: 'provider',
    money: 'slashed',
    next: 'Wait: another provider tries the shard while time remains; the first validator is at fault too.',
  },
  nondeterministic: {
    phase: 'panel',
    blame: 'client',
    money: 'returned',
    next: 'Run `assay check` to see which file and byte differ.',
  },
} as const satisfies Record<ShardVerdict, BlameRow>
