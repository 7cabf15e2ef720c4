/** Runs one call per key at a time; callers that come while it runs share its outcome. */
export interface SingleFlight<K, V> {
  run(key: K, start: () => Promise<V>): Promise<V>
  isRunning(key: K): boolean
  /** Calls under way. */
  running(): number
  /** Resolves once nothing runs. */
  idle(): Promise<void>
}

export function createSingleFlight<K, V>(): SingleFlight<K, V> {
  const calls = new Map<K, Promise<V>>()
  return {
    async run(key, start) {
      const call = calls.get(key)
      if (call !== undefined) return call
      const fresh = start().finally(() => calls.delete(key))
      calls.set(key, fresh)
      return fresh
    },
    isRunning: (key) => calls.has(key),
    running: () => calls.size,
    idle: async () => {
      await Promise.allSettled(calls.values())
    },
  }
}
