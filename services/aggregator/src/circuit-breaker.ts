import { breakerFailures, type Clock } from '@assay/core'
import { after, unixMs, type Address, type UnixMs } from '@assay/protocol'
import { aggregatorLimits as limits } from './limits.ts'

/** Counts failures of providers, so that one that fails always is left alone for a while. */
export interface CircuitBreaker {
  /** Failures in a row; after a pause one short of what opens the breaker, so that one try is let through. */
  failures(provider: Address): number
  record(provider: Address, ok: boolean): void
}

export function createCircuitBreaker(clock: Clock): CircuitBreaker {
  const rows = new Map<Address, { readonly inRow: number; readonly atMs: UnixMs }>()
  return {
    failures(provider) {
      const { inRow, atMs } = rows.get(provider) ?? { inRow: 0, atMs: unixMs(0) }
      return clock.now() < after(atMs, limits.breakerMs) ? inRow : Math.min(inRow, breakerFailures - 1)
    },
    record(provider, ok) {
      rows.set(provider, { inRow: ok ? 0 : (rows.get(provider)?.inRow ?? 0) + 1, atMs: clock.now() })
    },
  }
}
