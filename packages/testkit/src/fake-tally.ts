/** Amounts by owner. */
export interface Tally<K> {
  of(key: K): bigint
  add(key: K, amount: bigint): void
  total(): bigint
}

/** Nothing for anybody. */
export function createTally<K>(): Tally<K> {
  const amounts = new Map<K, bigint>()
  return {
    of: (key) => amounts.get(key) ?? 0n,
    add: (key, amount) => void amounts.set(key, (amounts.get(key) ?? 0n) + amount),
    total: () => [...amounts.values()].reduce((sum, amount) => sum + amount, 0n),
  }
}
