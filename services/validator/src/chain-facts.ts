import type { ChainFault, ChainOperator, ChainOrder, ChainReader, Clock } from '@assay/core'
import { after, type Address, type OrderId, type QuorumId, type QuorumMembers, type UnixMs } from '@assay/protocol'

/** Chain reads with a short memory, so that a job of a thousand shards is one read and not a thousand. */
export interface ChainFacts {
  order(orderId: OrderId, signal: AbortSignal): Promise<ChainOrder>
  operator(address: Address, signal: AbortSignal): Promise<ChainOperator | undefined>
  quorum(id: QuorumId, signal: AbortSignal): Promise<QuorumMembers | undefined>
  faultsOf(accused: Address, signal: AbortSignal): Promise<readonly ChainFault[]>
  /** Forgets everything, so that the next answers are the chain's own. */
  forget(): void
}

export interface ChainFactsOptions {
  /** How long a fact is trusted. */
  readonly ageMs: number
  /** Facts kept; the oldest go first. */
  readonly facts: number
}

/** Remembers what `chain` says for `ageMs`. Failures are not remembered. */
export function createChainFacts(
  deps: { readonly chain: ChainReader; readonly clock: Clock },
  options: ChainFactsOptions,
): ChainFacts {
  const { chain, clock } = deps
  const memories: { clear(): void }[] = []
  const remember = <K extends string | number, V>(read: (key: K, signal: AbortSignal) => Promise<V>) => {
    const known = new Map<K, { readonly value: V; readonly until: UnixMs }>()
    memories.push(known)
    return async (key: K, signal: AbortSignal): Promise<V> => {
      const fact = known.get(key)
      if (fact !== undefined && clock.now() < fact.until) return fact.value
      const value = await read(key, signal)
      known.delete(key)
      known.set(key, { value, until: after(clock.now(), options.ageMs) })
      const [oldest] = known.keys()
      if (known.size > options.facts && oldest !== undefined) known.delete(oldest)
      return value
    }
  }
  return {
    order: remember((orderId, signal) => chain.order(orderId, signal)),
    operator: remember((address, signal) => chain.operator(address, signal)),
    quorum: remember((id, signal) => chain.quorum(id, signal)),
    faultsOf: remember((accused, signal) => chain.faultsOf(accused, signal)),
    forget: () => memories.forEach((memory) => memory.clear()),
  }
}
