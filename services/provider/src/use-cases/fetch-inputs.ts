import { fetchBlob } from '@assay/blobs'
import { isMarketError, MarketError, shardInputs, type InputRef, type JobSpec } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { retry } from '../retry.ts'
import type { AttemptRow } from '../store/records.ts'

/** Pin owner of an attempt's inputs. */
export const inputsOwner = (attempt: Pick<AttemptRow, 'lease'>): string => `${attempt.lease}/inputs`

/**
 * Brings every input of a shard into the local store, from the aggregator that leased it. What is there already is
 * pinned and not fetched. Throws the blob and network codes; a source that does not hold what it offered is at fault.
 */
export async function fetchInputs(
  context: ProviderContext,
  attempt: AttemptRow,
  spec: JobSpec,
  signal: AbortSignal,
): Promise<void> {
  const queue = [...new Map(shardInputs(spec, attempt.shard).map((input) => [input.root, input])).values()]
  const workers = Array.from({ length: Math.min(providerLimits.fetchesAtOnce, queue.length) }, async () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift())
      await fetchInput(context, attempt, input, signal)
  })
  await Promise.all(workers)
}

async function fetchInput(
  context: ProviderContext,
  attempt: AttemptRow,
  input: InputRef,
  signal: AbortSignal,
): Promise<void> {
  const { network, blobs, clock } = context
  const owner = inputsOwner(attempt)
  const { fetchTries: tries, retryMs: pauseMs, retryMaxMs: maxPauseMs } = providerLimits
  try {
    await retry({ clock, signal }, { tries, pauseMs, maxPauseMs }, async () => {
      if (await blobs.has(input.root)) await blobs.pin(input.root, owner)
      else await fetchBlob(network, attempt.aggregatorKey, input, blobs, { maxBytes: input.size, owner }, signal)
    })
  } catch (error) {
    throw isMarketError(error) ? withSourceBlamed(error) : error
  }
}

/** The aggregator offered these bytes: not having them, having others, or keeping them back is its fault. */
function withSourceBlamed(error: MarketError): MarketError {
  if (error.blame === 'network' || error.code === 'storage-full') return error
  return new MarketError(error.code, error.message, { blame: 'aggregator', details: error.details, cause: error })
}
