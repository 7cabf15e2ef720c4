/** A clock that moves only when the test says so. Same program, same order of wake-ups, every run. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@assay/core'
import { unixMs, type UnixMs } from '@assay/protocol'

/** A manual `Clock`. Nothing sleeps for real; a sleeper wakes when `advance` passes its time. */
export interface FakeClock extends Clock {
  /** Sleepers that have not woken yet. */
  waiting(): number
  /** Time of the next sleeper, or `undefined` when nobody sleeps. */
  nextWake(): UnixMs | undefined
  /** Moves time forward by `ms`, waking sleepers in order of due time, then of call. */
  advance(ms: number): Promise<void>
  /** Moves time forward to `instant`; an instant in the past only lets pending work run. */
  advanceTo(instant: UnixMs): Promise<void>
  /**
   * Jumps from sleeper to sleeper until `promise` settles, and returns its value.
   * For code without real I/O: it throws when the promise waits for something that is not this clock.
   */
  runUntil<T>(promise: Promise<T>): Promise<T>
}

interface Sleeper {
  readonly due: number
  readonly order: number
  readonly wake: () => void
}

/** Starts at `startMs`: by default a plausible date, so that code which mistakes 0 for "unset" is found. */
export function createFakeClock(startMs: number = Date.UTC(2030, 0, 1)): FakeClock {
  let now = startMs
  let calls = 0
  const sleepers = new Set<Sleeper>()

  const next = (): Sleeper | undefined => {
    let first: Sleeper | undefined
    for (const one of sleepers) {
      if (first === undefined || one.due < first.due || (one.due === first.due && one.order < first.order)) first = one
    }
    return first
  }

  const wakeFirst = async (first: Sleeper): Promise<void> => {
    now = Math.max(now, first.due)
    sleepers.delete(first)
    first.wake()
    await settle()
  }

  const advanceTo = async (instant: UnixMs): Promise<void> => {
    await settle()
    for (let first = next(); first !== undefined && first.due <= instant; first = next()) await wakeFirst(first)
    now = Math.max(now, instant)
    await settle()
  }

  return {
    now: () => unixMs(now),
    waiting: () => sleepers.size,
    nextWake: () => {
      const first = next()
      return first === undefined ? undefined : unixMs(first.due)
    },
    advance: async (ms) => advanceTo(unixMs(now + ms)),
    advanceTo,
    async sleep(ms, signal) {
      signal.throwIfAborted()
      if (ms <= 0) return
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      calls += 1
      const sleeper: Sleeper = { due: now + ms, order: calls, wake: () => resolve(undefined) }
      const onAbort = (): void => {
        sleepers.delete(sleeper)
        reject(asError(signal.reason))
      }
      sleepers.add(sleeper)
      signal.addEventListener('abort', onAbort, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', onAbort))
    },
    async runUntil(promise) {
      let settled = false
      const seen = promise.then(
        () => (settled = true),
        () => (settled = true),
      )
      for (;;) {
        await settle()
        if (settled) break
        const first = next()
        if (first === undefined) throw new Error('the promise waits for something that the fake clock does not drive')
        await wakeFirst(first)
      }
      await seen
      return promise
    },
  }
}

/** One turn of the event loop: every promise that can continue has continued. */
const settle = async (): Promise<void> => setImmediate()

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
