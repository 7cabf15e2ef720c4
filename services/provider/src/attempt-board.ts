import { MarketError, type Hash32 } from '@assay/protocol'

/** Slots of the machine and the attempts that hold them; in memory only, since a restart ends every run. */
export interface AttemptBoard {
  /** Holds a slot for an attempt; false when all are taken. Holding twice is holding once. */
  reserve(lease: Hash32): boolean
  /** Frees the slot. */
  free(lease: Hash32): void
  busy(): number
  /** Signal of a running attempt: aborts when it is cancelled. */
  signalOf(lease: Hash32): AbortSignal
  /** Asks a running attempt to stop; false when none runs. */
  cancel(lease: Hash32): boolean
  /** Resolves at the attempt's next change of state. Ask before reading the state, so that none is missed. */
  changed(lease: Hash32): Promise<void>
  /** Wakes whoever waits for the attempt. */
  tell(lease: Hash32): void
}

/** A board with `slots` slots. */
export function createAttemptBoard(slots: number): AttemptBoard {
  const held = new Map<Hash32, AbortController>()
  const waiting = new Map<Hash32, PromiseWithResolvers<void>>()
  return {
    reserve(lease) {
      if (held.has(lease)) return true
      if (held.size >= slots) return false
      held.set(lease, new AbortController())
      return true
    },
    free: (lease) => void held.delete(lease),
    busy: () => held.size,
    signalOf(lease) {
      const run = held.get(lease)
      if (run === undefined) throw new MarketError('internal', 'the attempt holds no slot', { details: { lease } })
      return run.signal
    },
    cancel(lease) {
      const run = held.get(lease)
      run?.abort(new MarketError('cancelled', 'the aggregator cancelled the attempt'))
      return run !== undefined
    },
    changed(lease) {
      const waiter = waiting.get(lease) ?? Promise.withResolvers<void>()
      waiting.set(lease, waiter)
      return waiter.promise
    },
    tell(lease) {
      waiting.get(lease)?.resolve()
      waiting.delete(lease)
    },
  }
}
