/** One accepted shard's result: downloaded, unsealed and checked against the commit while it streams. */
import {
  asHash,
  deriveCommitDigest,
  deriveCommitment,
  MarketError,
  recoverSigner,
  type Address,
  type AttemptView,
  type Blame,
  type BlobRef,
  type BlobRoot,
  type MarketDomain,
  type Opening,
  type OrderId,
  type ResultSink,
  type SignedCommit,
} from '@assay/protocol'
import type { MarketApi } from './market-api.ts'
import { pullEntries, type ResultEntry } from './pull-entries.ts'
import { readSealed, type OpenedResult } from './read-sealed.ts'

/** The result of one accepted shard. Each method downloads afresh. */
export interface ShardOutput {
  readonly shard: number
  /** The shard's name in the job. */
  readonly name: string
  readonly attempt: number
  readonly provider: Address
  /** The provider's signed promise of exactly this result. */
  readonly commit: SignedCommit
  /** Bytes of the sealed result. */
  readonly sealed: BlobRef
  /**
   * Hands every entry to `sink`, in manifest order. What it saw counts only once this resolves: then the bytes hash to what
   * the provider delivered, the files to the manifest, the manifest to the opening and the opening to the commit. Throws
   * `result-invalid` (blame: provider), `blob-mismatch` (blame: aggregator), `blob-unknown`, `market-unreachable`, `cancelled`.
   */
  read(sink: ResultSink, signal?: AbortSignal): Promise<OpenedResult>
  /** The same as an iteration, which ends normally only when everything held, and throws like `read` otherwise. */
  entries(signal?: AbortSignal): AsyncGenerator<ResultEntry, OpenedResult>
}

export interface ResultDeps {
  readonly api: MarketApi
  readonly market: MarketDomain
  readonly orderId: OrderId
  /** The age identity that opens the job's results. */
  readonly identity: () => Promise<string>
  /** Called with every opening that was verified. */
  readonly onOpened: (result: ShardOutput, opening: Opening) => void
}

/** Takes an attempt that the aggregator calls accepted. Throws `result-invalid` when its commit is not the provider's. */
export function createShardOutput(deps: ResultDeps, name: string, view: AttemptView): ShardOutput {
  const { shard, attempt, provider, commit, sealed } = view
  const details = { shard, attempt, provider }
  if (commit === undefined || sealed === undefined)
    throw invalid('the aggregator does not show its commit', details, 'aggregator')
  const { orderId, market } = deps
  const same =
    commit.orderId === orderId && commit.shard === shard && commit.attempt === attempt && commit.provider === provider
  if (!same) throw invalid('its commit is for another attempt', details, 'aggregator')
  if (recoverSigner(deriveCommitDigest(market, commit), commit.signature) !== provider) {
    throw invalid('its commit is not signed by its provider', details, 'aggregator')
  }
  const ref: BlobRef = { root: asHash<BlobRoot>(commit.sealedHash), size: sealed.size }
  if (sealed.root !== ref.root) throw invalid('its sealed bytes are not the ones committed to', details, 'aggregator')
  const read = async (sink: ResultSink, signal = new AbortController().signal): Promise<OpenedResult> => {
    const opened = await readSealed(deps.api, ref, { identity: deps.identity, sink }, signal)
    if (deriveCommitment(market, commit, opened.opening) !== commit.commitment) {
      throw invalid('its opening does not open the commit', details, 'provider')
    }
    deps.onOpened(result, opened.opening)
    return opened
  }
  const result: ShardOutput = {
    shard,
    name,
    attempt,
    provider,
    commit,
    sealed: ref,
    read,
    entries: (signal) => pullEntries(read, signal),
  }
  return result
}

const invalid = (reason: string, details: Record<string, string | number>, blame: Blame): MarketError =>
  new MarketError('result-invalid', `the result is invalid: ${reason}`, { details: { ...details, reason }, blame })
