import { raceAbort } from './race-abort.ts'

/** Wakes everybody who waits. A waiter checks its condition again after each ring. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring. Rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>()
  return {
    ring() {
      const rung = next
      next = Promise.withResolvers()
      rung.resolve()
    },
    async wait(signal) {
      await raceAbort(next.promise, signal)
    },
  }
}
