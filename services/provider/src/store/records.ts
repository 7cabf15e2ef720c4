/** What the store gives and takes: wire shapes already parsed, ids branded. */
import type {
  BlobRef,
  Commitment,
  Envelope,
  ErrorBody,
  Hash32,
  JobSpec,
  Opening,
  OrderId,
  OrderTerms,
  PublicKey,
  Signature,
  SignedCommit,
  UnixMs,
} from '@assay/protocol'

/**
 * leased → preparing → executing → sealing → delivering → committed → delivered, or failed before `committed`.
 * `delivering`: opening and commit are durable, the sealed bytes are on their way. `committed`: the commit may be shown.
 * `delivered`: the aggregator holds both; the sealed bytes go once the commit is held in an epoch.
 */
export const attemptStates = [
  'leased',
  'preparing',
  'executing',
  'sealing',
  'delivering',
  'committed',
  'delivered',
  'failed',
] as const
export type AttemptState = (typeof attemptStates)[number]

export interface OrderRow {
  readonly orderId: OrderId
  readonly terms: OrderTerms
  readonly spec: JobSpec
}

export interface AttemptRow {
  /** Digest of the offer: names the attempt everywhere. */
  readonly lease: Hash32
  readonly orderId: OrderId
  readonly shard: number
  readonly attempt: number
  readonly aggregatorKey: PublicKey
  readonly offer: Envelope
  readonly acceptance: Signature
  readonly commitByMs: UnixMs
  readonly state: AttemptState
  readonly rev: number
  readonly opening: Opening | undefined
  readonly commit: SignedCommit | undefined
  readonly sealed: BlobRef | undefined
  readonly failure: ErrorBody | undefined
  readonly openedAtMs: UnixMs | undefined
  /** Since when nobody needs to be told of the commit: a threshold holds it in an epoch, or its order is over. */
  readonly heldAtMs: UnixMs | undefined
  readonly atMs: UnixMs
}

export type AttemptPatch = Partial<
  Pick<AttemptRow, 'state' | 'opening' | 'commit' | 'sealed' | 'failure' | 'openedAtMs' | 'heldAtMs'>
> & { readonly atMs: UnixMs }

/** An accepted attempt with the order it belongs to. */
export type NewAttempt = Pick<
  AttemptRow,
  'lease' | 'shard' | 'attempt' | 'aggregatorKey' | 'offer' | 'acceptance' | 'commitByMs' | 'atMs'
> & { readonly order: OrderRow }

/** Everything the provider must not forget. A write is durable when it returns. */
export interface ProviderStore {
  /** Adds an attempt, state `leased`; false when its lease, or another lease of the same attempt, is there already. */
  addAttempt(attempt: NewAttempt): boolean
  order(orderId: OrderId): OrderRow | undefined
  attempt(lease: Hash32): AttemptRow | undefined
  attemptOf(key: Pick<AttemptRow, 'orderId' | 'shard' | 'attempt'>): AttemptRow | undefined
  byCommitment(commitment: Commitment): AttemptRow | undefined
  inStates(states: readonly AttemptState[]): readonly AttemptRow[]
  /** Compare-and-set on `rev`. Throws `state-conflict` when another change came first. */
  updateAttempt(attempt: AttemptRow, patch: AttemptPatch): AttemptRow
  /** Attempts that were committed before `instant` and may stand in no epoch yet. */
  unheld(instant: UnixMs): readonly AttemptRow[]
  /** How many attempts are in each state. */
  counts(): ReadonlyMap<AttemptState, number>
  /** Forgets the orders, and their attempts, that became refundable before `instant`. Returns the leases. */
  forgetBefore(instant: UnixMs): readonly Hash32[]
  /** The next number of a named series, from 1: never the same twice, across restarts too. */
  next(name: string): number
}
