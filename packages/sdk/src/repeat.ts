/** Repetition with doubling pauses, and a limit on waiting. */
import type { Clock } from '@assay/core'
import { durationMs } from '@assay/protocol'
import { assertLive, cancelled, isTransient } from './faults.ts'
import { limits } from './limits.ts'

/** Runs an idempotent call again while it does not get through, at most `limits.callTries` times. Throws what the last try threw. */
export async function repeat<T>(call: () => Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await call()
    } catch (error) {
      failures++
      if (!isTransient(error) || failures >= limits.callTries) throw error
      await pause(failures, clock, signal)
    }
  }
}

/** Waits before repetition number `failures`. Throws `cancelled`. */
export async function pause(failures: number, clock: Clock, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(limits.maxPauseMs, limits.firstPauseMs * 2 ** Math.min(failures - 1, 16)), clock, signal)
}

/** Sleeps. Throws `cancelled`. */
export async function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  assertLive(signal)
  try {
    await clock.sleep(durationMs(ms), signal)
  } catch {
    throw cancelled(signal)
  }
}

/** The promise's value, unless `ms` pass first: then `late()` is thrown. The loser of the race goes unheard. */
export async function within<T>(promise: Promise<T>, ms: number, clock: Clock, late: () => Error): Promise<T> {
  const settled = new AbortController()
  const alarm = clock.sleep(durationMs(ms), settled.signal).then(() => {
    throw late()
  })
  try {
    return await Promise.race([promise, alarm])
  } finally {
    settled.abort()
  }
}
