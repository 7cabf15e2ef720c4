/** What every use case of the validator works with. */
import type {
  Beacon,
  BlobStore,
  ChainReader,
  ChainWriter,
  Clock,
  Log,
  Network,
  Rng,
  Sandbox,
  SandboxFacts,
  Signer,
} from '@assay/core'
import type { Address, Commitment, OrderId, SignedAuditCommit, UnixMs } from '@assay/protocol'
import type { AuditQueue } from './audit-queue.ts'
import type { ChainFacts } from './chain-facts.ts'
import type { GateRow, ValidatorStore } from './store/records.ts'

/** Everything outside the validator, through ports. The caller opens and closes these. */
export interface ValidatorDeps {
  readonly signer: Signer
  readonly network: Network
  readonly sandbox: Sandbox
  readonly blobs: BlobStore
  readonly chain: ChainReader
  readonly beacon: Beacon
  readonly clock: Clock
  readonly rng: Rng
  readonly store: ValidatorStore
  readonly log: Log
  /** Proves faults on chain. Without one they are kept and left to others. */
  readonly wallet?: ChainWriter
}

/** What the operator decides. */
export interface ValidatorOptions {
  /** Audits run at the same time. Default 4. */
  readonly auditSlots?: number
}

export interface ValidatorContext extends ValidatorDeps {
  /** What the engine said when the validator opened. */
  readonly facts: SandboxFacts
  readonly chainFacts: ChainFacts
  /** Audits that run or wait, by commitment and round: repeated requests join the same run. */
  readonly audits: AuditQueue<SignedAuditCommit>
  /** Samples of jobs to be certified, by order: they wait behind all audits. */
  readonly gates: AuditQueue<GateRow>
  /** When a settlement with an unpaid shard was first shown, by order. */
  readonly shownAtMs: Map<OrderId, UnixMs>
  /** When which settled commits of a client were re-run here, as far as the last day goes. */
  readonly challenged: Map<Address, ReadonlyMap<Commitment, UnixMs>>
  /** Aborts when the validator closes. */
  readonly closing: AbortSignal
}
