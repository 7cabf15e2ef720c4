/** What a caller says about a job. */
import type {
  Address,
  CertificationView,
  ComparatorName,
  DeterminismClass,
  OrderId,
  Quote,
  UnixMs,
  UsdcBase,
} from '@assay/protocol'
import type { InputFile, ShardInput, Source } from './shard-input.ts'

/** What a shard may use. Parts left out take the defaults. */
export interface ResourceOptions {
  /** CPU cores, e.g. 0.5; default 1. */
  readonly cpus?: number
  /** Default 512 MiB. */
  readonly memoryBytes?: number
  /** Size of each writable file system, `/out` and `/tmp`; default 256 MiB. */
  readonly diskBytes?: number
  /** Processes and threads; default 256. */
  readonly pids?: number
}

/** How far two results may be apart. Limits are decimal text, for every machine must read the same number. */
export interface ToleranceOptions {
  /** A number may be off by `absolute + relative · max(|a|, |b|)`; each is `0` unless given. */
  readonly absolute?: string
  readonly relative?: string
  /** ‖a − b‖ ≤ l2 · max(‖a‖, ‖b‖) over all numbers of a file; no such bound unless given. */
  readonly l2?: string
  /** Share of a file's numbers that may be further off, in parts per million; default 0. */
  readonly outlierPpm?: number
  /** How many times as far those may be off; default `1`. */
  readonly outlierFactor?: string
  /**
   * Which comparator looks at which file: an exact path, `*` and the end of one, or `/dev/stdout`; the first that fits.
   * Default: `.json`, `.csv`, `.tsv` and `.npy` files by their ends. Any other file is compared byte for byte.
   */
  readonly files?: readonly { readonly files: string; readonly comparator: ComparatorName }[]
}

/** Everything of a job but its inputs. */
export interface TaskOptions {
  /** `[name@]sha256:<64 hex>`: only the digest decides what runs. */
  readonly image: string
  /** Words to run; every `{}` in them becomes the shard's subject. */
  readonly command: readonly string[]
  /** `false` leaves `{}` in the command as it is, for tools that have their own use for it. */
  readonly substitute?: boolean
  /** Files that every shard sees besides its own. */
  readonly shared?: Source<InputFile>
  readonly env?: Readonly<Record<string, string>>
  readonly resources?: ResourceOptions
  /** Time limit of one shard in milliseconds, from 100 to an hour; default one minute. */
  readonly timeLimitMs?: number
  /** Most that one verified shard may cost, in whole USDC, audits and fee apart; default: the market's posted price. */
  readonly maxPricePerShardUsdc?: string
  /** Most that all audits of the job may cost, in whole USDC; default: one audit for every shard. What is not used comes back. */
  readonly auditBudgetUsdc?: string
  /**
   * D1 (default): bit for bit reproducible, so that a cheater can be slashed. D2: the same on hardware of one class. D3:
   * numbers within a tolerance. DX: not comparable.
   */
  readonly determinism?: DeterminismClass
  /** With D2: key of the hardware that may run it, as `assay doctor` and the adverts of providers show it. */
  readonly hardwareClass?: string
  /** With D3: how far two honest results may be apart. */
  readonly tolerance?: ToleranceOptions
  /** Least share of the shards to audit, from 0 to 1, however much stake stands behind them; default 0. */
  readonly minAuditRate?: number
  /** The quorum that is to judge the job; default the aggregator's. One that it does not serve is refused with `quorum-unknown`. */
  readonly quorumId?: number
  /** Whether standard output is part of the result; default true. */
  readonly captureStdout?: boolean
  /** Most bytes of one shard's results; default the size of its disk. */
  readonly outputBytes?: number
  /** Longest that the money may be locked, in milliseconds; default three days, the contract's own bound is seven. */
  readonly maxLockMs?: number
  /**
   * Have the quorum certify the program before anything is paid, so that a wrong result costs its provider stake. Default
   * `false`: the job runs, is audited and settled all the same, but nobody is slashed for a wrong result unless the program is
   * certified already. A program that is not reproducible is then refused with `certificate-refused`.
   */
  readonly certify?: boolean
  /** Asked with the checked quote before any money moves; `false` gives up with `cancelled`. */
  readonly confirm?: (quote: Quote) => boolean | Promise<boolean>
  /**
   * How the order is paid. `signature` (default): the client's key signs a payment from its own address. `transfer`: anyone sends
   * the amount to the order's deposit address, from any wallet or exchange; `onProgress` tells the address, and the job
   * starts when the money is there. What is not spent goes to the client's own address either way.
   */
  readonly payBy?: 'signature' | 'transfer'
  readonly onProgress?: (progress: MapProgress) => void
  readonly signal?: AbortSignal
}

/** A job of many shards. */
export interface MapOptions extends TaskOptions {
  /** One shard an item, read one by one. */
  readonly inputs: Source<ShardInput>
}

/** How far a job is on its way to the market. */
export type MapProgress =
  | { readonly stage: 'hashing'; readonly shards: number; readonly bytes: number }
  | { readonly stage: 'quoted'; readonly quote: Quote }
  | { readonly stage: 'uploading'; readonly bytes: number; readonly totalBytes: number }
  | { readonly stage: 'certifying'; readonly promised: number; readonly answered: number }
  /** What each validator found that kept it from certifying. */
  | {
      readonly stage: 'uncertified'
      readonly findings: Extract<CertificationView, { state: 'refused' }>['findings']
    }
  | { readonly stage: 'funding'; readonly orderId: OrderId; readonly maxUsdc: UsdcBase }
  | {
      readonly stage: 'awaiting-transfer'
      readonly orderId: OrderId
      readonly depositAddress: Address
      readonly amountUsdc: UsdcBase
      readonly chainId: number
      readonly token: Address
      readonly expiresAtMs: UnixMs
    }
  | { readonly stage: 'submitted'; readonly orderId: OrderId }
