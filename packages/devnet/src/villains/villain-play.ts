/** What a villain is made of: operators whose services see the world through ports that cheat. */
import type { AggregatorDeps } from '@assay/aggregator'
import type { Address, ErrorCode, JobOutcome, JobSpec, OrderId, ResultRoot, SignedCommit } from '@assay/protocol'
import type { ProviderDeps } from '@assay/provider'
import type { ValidatorDeps } from '@assay/validator'
import type { VillainName } from '@assay/villains'
import type { Whispers } from './whispers.ts'

/**
 * A villain of the catalogue as it runs: the product's own services on ports that stand between them and the world. A
 * service never knows that it works for one.
 */
export type VillainPlay = readonly VillainRole[]

/** One operator of a villain, or a client. */
export type VillainRole = ProviderRole | ValidatorRole | AggregatorRole | ClientRole

export interface ProviderRole {
  readonly party: 'provider'
  readonly disguise: (ports: ProviderDeps, stage: Stage) => ProviderDeps
  /** Its stake is that of an honest provider divided by this; 1 when absent. */
  readonly stakeDivisor?: number
  /** It shows itself only later: nobody waits for it at the start. */
  readonly comesLate?: true
}
export interface ValidatorRole {
  readonly party: 'validator'
  readonly disguise: (ports: ValidatorDeps, stage: Stage) => ValidatorDeps
}
/** There is one aggregator: every villain of this kind plays it, one behind the other. */
export interface AggregatorRole {
  readonly party: 'aggregator'
  readonly disguise: (ports: AggregatorDeps, stage: Stage) => AggregatorDeps
}
export interface ClientRole {
  readonly party: 'client'
  /** What it buys, once the market is open. */
  readonly play: (buyer: Buyer, stage: Stage) => Promise<void>
}
export interface Buyer {
  /** Buys a job whose shards have no files, and waits until it is closed. `{}` in the command is the shard's name. */
  buy(command: readonly string[], shards: number): Promise<Bought>
}
/** A closed job, as its client sees it. */
export interface Bought {
  readonly orderId: OrderId
  readonly spec: JobSpec
  readonly outcome: JobOutcome | undefined
  /** Root of each accepted shard's result. */
  readonly roots: ReadonlyMap<number, ResultRoot>
}

/** What the operators of one villain share. */
export interface Stage {
  readonly villain: VillainName
  /** Chance follows from it. */
  readonly seed: string
  /** Operators of this villain, in the order of its roles. */
  readonly own: readonly Address[]
  /** Operators of every villain of the market: whom it helps. */
  readonly accomplices: readonly Address[]
  /** Results that accomplices tell each other. */
  readonly whispers: Whispers
  /** Notes what was done or answered. */
  readonly note: (deed: Deed) => void
}

/** Something that a villain did, or that it was told. */
export type Deed =
  /** Bytes that were never computed went out as a result. */
  | { readonly kind: 'faked'; readonly by: Address }
  /** Something that was due was kept back. */
  | { readonly kind: 'withheld'; readonly by: Address; readonly what: string }
  /** Two commits of one attempt, both signed. */
  | { readonly kind: 'equivocated'; readonly by: Address; readonly first: SignedCommit; readonly second: SignedCommit }
  /** An honest node's answer to a message that an honest aggregator would not send. */
  | { readonly kind: 'answered'; readonly from: Address; readonly code: ErrorCode | 'none'; readonly reason: string }
  /** A villain's own job is over. */
  | { readonly kind: 'job-closed'; readonly orderId: OrderId; readonly outcome: JobOutcome | undefined }
  /** A villain could not play to its end, for want of a market. */
  | { readonly kind: 'gave-up'; readonly code: ErrorCode }
