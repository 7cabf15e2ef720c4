import type { Clock } from '@assay/core'
import { durationMs, isMarketError } from '@assay/protocol'

export interface RetryOptions {
  readonly tries: number
  /** First pause; doubles after each try. */
  readonly pauseMs: number
  readonly maxPauseMs: number
}

/** Repeats `work` while it fails with a retryable `MarketError`; the last failure is thrown. */
export async function retry<T>(
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
  options: RetryOptions,
  work: () => Promise<T>,
): Promise<T> {
  let pauseMs = options.pauseMs
  for (let left = options.tries; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left <= 1 || !isMarketError(error) || !error.retryable) throw error
    }
    await deps.clock.sleep(durationMs(pauseMs), deps.signal)
    pauseMs = Math.min(pauseMs * 2, options.maxPauseMs)
  }
}
