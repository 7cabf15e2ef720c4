import type { Clock, Log } from '@assay/core'
import { toMarketError, unixMs, type UnixMs } from '@assay/protocol'
import { aggregatorLimits } from './limits.ts'

/**
 * Keyed background work. At most one piece runs per key; a failed piece may start again only after a growing pause.
 * Every piece is safe to repeat, so losing them all in a crash loses nothing: planning asks for them again.
 */
export interface Tasks extends AsyncDisposable {
  /** Starts `work` unless its key runs or pauses. */
  ensure(key: string, work: (signal: AbortSignal) => Promise<void>): void
  running(key: string): boolean
}

export function openTasks(deps: { readonly clock: Clock; readonly log: Log; readonly wake: () => void }): Tasks {
  const { clock, log, wake } = deps
  const stop = new AbortController()
  const live = new Map<string, Promise<void>>()
  const pauses = new Map<string, { readonly until: UnixMs; readonly ms: number }>()
  const failed = (key: string, error: unknown): void => {
    // Keys that nobody asks for any more must not pile up.
    for (const [old, { until }] of pauses) if (until + aggregatorLimits.retryMaxMs < clock.now()) pauses.delete(old)
    const before = pauses.get(key)?.ms ?? aggregatorLimits.retryMs / 2
    const ms = Math.min(before * 2, aggregatorLimits.retryMaxMs)
    pauses.set(key, { until: unixMs(clock.now() + ms), ms })
    const { code, details, message, cause } = toMarketError(error)
    log.warn({ key, code, details, message, cause: cause instanceof Error ? cause.message : undefined }, 'task.failed')
  }
  return {
    running: (key) => live.has(key),
    ensure(key, work) {
      const pause = pauses.get(key)
      if (stop.signal.aborted || live.has(key) || (pause !== undefined && pause.until > clock.now())) return
      const task = work(stop.signal)
        .then(() => void pauses.delete(key))
        .catch((error: unknown) => {
          if (!stop.signal.aborted) failed(key, error)
        })
        .finally(() => {
          live.delete(key)
          wake()
        })
      live.set(key, task)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.allSettled(live.values())
    },
  }
}
