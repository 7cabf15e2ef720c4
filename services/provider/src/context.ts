/** What every use case of the provider works with. */
import type {
  Beacon,
  BlobStore,
  ChainReader,
  Clock,
  Log,
  Network,
  Rng,
  Sandbox,
  SandboxFacts,
  Signer,
} from '@assay/core'
import type { Address, BlobRoot, ByteCount, DeterminismClass, Hash32, MilliCpus, UsdcBase } from '@assay/protocol'
import type { AttemptBoard } from './attempt-board.ts'
import type { ChainFacts } from './chain-facts.ts'
import type { SingleFlight } from './single-flight.ts'
import type { AttemptRow, ProviderStore } from './store/records.ts'

/** Everything outside the provider, through ports. The caller opens and closes these. */
export interface ProviderDeps {
  readonly signer: Signer
  readonly network: Network
  readonly sandbox: Sandbox
  readonly blobs: BlobStore
  readonly chain: ChainReader
  readonly beacon: Beacon
  readonly clock: Clock
  readonly rng: Rng
  readonly store: ProviderStore
  readonly log: Log
}

/** What the operator decides. */
export interface ProviderOptions {
  /** Shards run at the same time. */
  readonly slots: number
  /** Least price taken for a shard. */
  readonly minPriceUsdc: UsdcBase
  /**
   * Determinism classes taken. A quorum settles D1 and D2. In DX none stands behind the pay: the client's acceptance alone
   * pays.
   */
  readonly classes: readonly DeterminismClass[]
  /** Most one shard may use; what the engine has, unless said otherwise. */
  readonly cpus?: MilliCpus
  readonly memoryBytes?: ByteCount
  /** Most input bytes of one shard. */
  readonly inputBytes: ByteCount
}

export interface ProviderContext extends ProviderDeps {
  readonly options: ProviderOptions
  /** What the engine said when the provider opened, the operator's caps applied. */
  readonly facts: SandboxFacts
  readonly chainFacts: ChainFacts
  /** Attempts that run now, their slots, and who waits for their next state. */
  readonly board: AttemptBoard
  /** Offers being checked: the same offer twice is checked once. */
  readonly offers: SingleFlight<Hash32, AttemptRow>
  /** Images being looked for, by reference. */
  readonly images: SingleFlight<string, void>
  /** Who may read which sealed result, because it is being claimed. */
  readonly claimed: Map<BlobRoot, ReadonlySet<Address>>
  /** Says that an image is held, so that searchers find this machine by it. */
  readonly announceImage: (image: string) => void
  /** Aborts when the provider closes. */
  readonly closing: AbortSignal
  /** Starts the work of an accepted attempt in the background. */
  readonly start: (lease: Hash32) => void
}
