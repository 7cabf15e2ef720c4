import type { DurationMs, UnixMs } from '@assay/protocol'

/** Time as a dependency: real in services, driven by the scheduler in tests. */
export interface Clock {
  now(): UnixMs
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: DurationMs, signal: AbortSignal): Promise<void>
}
