import type { Beacon, BlobStore, ChainReader, ChainWriter, Clock, Log, Network, Rng, Signer } from '@assay/core'
import type { BasisPoints, JobEvent, OrderId, QuorumId, QuorumMembers, UsdcBase } from '@assay/protocol'
import type { Directory } from './directory.ts'
import type { AggregatorStore } from './store/open-store.ts'

/** What the aggregator needs from outside. */
export interface AggregatorDeps {
  readonly signer: Signer
  readonly network: Network
  readonly blobs: BlobStore
  readonly chain: ChainReader
  readonly wallet: ChainWriter
  readonly beacon: Beacon
  readonly clock: Clock
  readonly rng: Rng
  readonly store: AggregatorStore
  readonly log: Log
}

/** What an operator decides. */
export interface AggregatorOptions {
  readonly quorumId: QuorumId
  readonly feeBps: BasisPoints
  /** Suggested to clients that name no price. */
  readonly priceUsdc: UsdcBase
  readonly auditFeeUsdc: UsdcBase
  /** Rounds between proposing an epoch and its seed: time for a quorum to acknowledge. */
  readonly seedDelayRounds: number
  /** From quote to the last possible settlement, on top of the job's own time. */
  readonly settleWindowMs: number
  /** From settleBy to the moment anyone can refund. */
  readonly refundDelayMs: number
}

/** Shared by all use cases of one running aggregator. */
export interface Context extends AggregatorDeps {
  readonly options: AggregatorOptions
  readonly directory: Directory
  /** The quorum of new orders, read at start: sets are append-only, so it never changes. */
  readonly quorum: QuorumMembers
  /** Asks for a planning round soon. */
  wake(): void
  /** Records an event of a job and shows it to whoever watches. */
  emit(orderId: OrderId, event: Omit<JobEvent, 'seq' | 'atMs'>): void
}
