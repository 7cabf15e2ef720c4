import type { OrderId } from '@assay/protocol'

/** Wakes whoever follows the events of a job. */
export interface Watchers {
  tell(orderId: OrderId): void
  /** Calls `heard` at each new event until the returned function is called. */
  watch(orderId: OrderId, heard: () => void): () => void
}

export function createWatchers(): Watchers {
  const all = new Map<OrderId, Set<() => void>>()
  return {
    tell: (orderId) => all.get(orderId)?.forEach((heard) => heard()),
    watch(orderId, heard) {
      const set = all.get(orderId) ?? new Set()
      all.set(orderId, set.add(heard))
      return () => {
        set.delete(heard)
        if (set.size === 0) all.delete(orderId)
      }
    },
  }
}
