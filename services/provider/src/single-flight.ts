/** Runs one call per key at a time; callers that come while it runs share its outcome. */
export interface SingleFlight<K, V> {
  run(key: K, start: () => Promise<V>): Promise<V>
  running(): number
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
    running: () => calls.size,
  }
}
