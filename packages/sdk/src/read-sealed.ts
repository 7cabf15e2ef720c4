/** Unseals a downloading blob, and finds out whose fault it is when that fails. */
import {
  isMarketError,
  MarketError,
  unsealResult,
  type BlobRef,
  type Manifest,
  type Opening,
  type ResultSink,
} from '@assay/protocol'
import { downloadBlob } from './download-blob.ts'
import { asError, assertLive } from './faults.ts'
import type { MarketApi } from './market-api.ts'

/** What a verified result turned out to be. */
export interface OpenedResult {
  readonly opening: Opening
  readonly manifest: Manifest
}

/**
 * Streams a sealed result into `sink`; bytes that the sink leaves are skipped. Throws `result-invalid` (blame: provider) when
 * exactly the committed bytes do not unseal, `blob-mismatch` (blame: aggregator) when other bytes came, what
 * `downloadBlob` throws, and what the sink itself threw.
 */
export async function readSealed(
  api: MarketApi,
  ref: BlobRef,
  into: { readonly identity: () => Promise<string>; readonly sink: ResultSink },
  signal: AbortSignal,
): Promise<OpenedResult> {
  assertLive(signal)
  const identity = await into.identity()
  const stop = new AbortController()
  const blob = downloadBlob(api, ref, AbortSignal.any([signal, stop.signal]))
  const failed: { download?: Error; sink?: Error } = {}
  try {
    const opened = await unsealResult(unclosable(blob, failed), identity, guard(into.sink, failed))
    await drain(blob)
    return opened
  } catch (error) {
    assertLive(signal)
    if (failed.download !== undefined) throw failed.download
    if (failed.sink !== undefined) throw failed.sink
    // Bytes that are not the blob's come from the aggregator; only the right bytes speak against the provider.
    await drain(blob)
    if (isMarketError(error)) throw error
    throw new MarketError('result-invalid', 'the result is invalid: it cannot be unsealed', {
      details: { reason: 'it cannot be unsealed', root: ref.root },
      cause: error,
    })
  } finally {
    stop.abort()
    await blob.return(undefined)
  }
}

/** The blob for a reader that must not end it: after a failure the rest is still to be judged. Notes a failed download. */
function unclosable(blob: AsyncGenerator<Uint8Array>, failed: { download?: Error }): AsyncIterable<Uint8Array> {
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    blob.next().catch((error: unknown) => {
      failed.download ??= asError(error)
      throw error
    })
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

/** Notes what the sink throws of its own accord, and skips what it leaves unread. */
function guard(sink: ResultSink, failed: { sink?: Error }): ResultSink {
  return async (entry, bytes) => {
    const source = bytes[Symbol.asyncIterator]()
    let broken = false
    const next = (): Promise<IteratorResult<Uint8Array>> =>
      source.next().catch((error: unknown) => {
        broken = true
        throw error
      })
    const shown: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next }) }
    try {
      await sink(entry, shown)
    } catch (error) {
      if (!broken) failed.sink = asError(error)
      throw error
    }
    for (let part = await source.next(); part.done !== true;) part = await source.next()
  }
}

async function drain(blob: AsyncGenerator<Uint8Array>): Promise<void> {
  for (let part = await blob.next(); part.done !== true;) part = await blob.next()
}
