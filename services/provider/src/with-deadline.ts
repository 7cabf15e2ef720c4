import type { Clock } from '@assay/core'
import { durationMs, type UnixMs } from '@assay/protocol'

/**
 * Runs `work` under a signal that aborts with `late()` when the clock reaches `deadline`. The timer never outlives
 * the work.
 */
export async function withDeadline<T>(
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
  deadline: UnixMs,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal } = deps
  const timer = new AbortController()
  const expired = new AbortController()
  const ms = durationMs(Math.max(0, deadline - clock.now()))
  const waited = clock.sleep(ms, AbortSignal.any([signal, timer.signal])).then(
    () => expired.abort(late()),
    () => undefined,
  )
  try {
    return await work(AbortSignal.any([signal, expired.signal]))
  } finally {
    timer.abort()
    await waited
  }
}
