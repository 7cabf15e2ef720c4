import type { Clock } from '@assay/core'
import { durationMs } from '@assay/protocol'

/**
 * Runs `work` under a signal that also aborts after `ms`, with `late()` as its reason; then that is what is thrown,
 * whatever broke first. The timer never outlives the work.
 */
export async function withDeadline<T>(
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal } = deps
  const timer = new AbortController()
  const expired = new AbortController()
  const waited = clock.sleep(durationMs(ms), AbortSignal.any([signal, timer.signal])).then(
    () => expired.abort(late()),
    () => undefined,
  )
  try {
    return await work(AbortSignal.any([signal, expired.signal]))
  } catch (error) {
    throw expired.signal.aborted && !signal.aborted ? expired.signal.reason : error
  } finally {
    timer.abort()
    await waited
  }
}
