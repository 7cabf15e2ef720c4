import type { VillainName } from '@assay/villains'
import { devnetLimits } from '../limits.ts'
import type { Deed } from './villain-play.ts'

/** A deed with whose it was. */
export type VillainDeed = Deed & { readonly villain: VillainName }

/** What the villains of one market did, in order, as only a laboratory can know it. */
export interface Deeds {
  readonly all: readonly VillainDeed[]
  note(deed: VillainDeed): void
  /** Resolves at the first deed that `fits`, past ones included. Rejects with the signal's reason. */
  until(fits: (deed: VillainDeed) => boolean, signal: AbortSignal): Promise<VillainDeed>
}

export function createDeeds(): Deeds {
  const all: VillainDeed[] = []
  const watchers = new Set<(deed: VillainDeed) => void>()
  return {
    all,
    note(deed) {
      // A long devnet must not grow for ever: what is old no longer explains anything.
      if (all.length >= devnetLimits.deeds) all.shift()
      all.push(deed)
      for (const watch of watchers) watch(deed)
    },
    async until(fits, signal) {
      signal.throwIfAborted()
      const past = all.find(fits)
      if (past !== undefined) return past
      const { promise, resolve, reject } = Promise.withResolvers<VillainDeed>()
      const watch = (deed: VillainDeed): void => (fits(deed) ? resolve(deed) : undefined)
      const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      watchers.add(watch)
      signal.addEventListener('abort', stop, { once: true })
      try {
        return await promise
      } finally {
        watchers.delete(watch)
        signal.removeEventListener('abort', stop)
      }
    },
  }
}
