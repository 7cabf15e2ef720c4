import type { Hex } from '@assay/protocol'

/** A signed transaction that may or may not have left this machine. */
export interface LoggedTransaction {
  /** Names the effect, not the try: `settle:<batch digest>`. */
  readonly key: string
  readonly nonce: number
  readonly raw: Hex
  readonly hash: Hex
}

/** Durable memory of one hot key. Written before anything is sent, so that a crash never sends an effect twice. */
export interface TransactionLog {
  find(key: string): LoggedTransaction | undefined
  save(entry: LoggedTransaction): void
  /** Forgets an effect whose transaction failed or was replaced, so that it can be signed anew. */
  drop(key: string): void
  /** Entries whose transaction was not seen in a block yet. */
  unconfirmed(): readonly LoggedTransaction[]
  confirm(key: string): void
}

/** For tools that live as long as one command: nothing survives the process. */
export function createMemoryLog(): TransactionLog {
  const entries = new Map<string, LoggedTransaction & { confirmed: boolean }>()
  return {
    find: (key) => entries.get(key),
    save: (entry) => void entries.set(entry.key, { ...entry, confirmed: false }),
    drop: (key) => void entries.delete(key),
    unconfirmed: () => [...entries.values()].filter((entry) => !entry.confirmed),
    confirm(key) {
      const entry = entries.get(key)
      if (entry !== undefined) entries.set(key, { ...entry, confirmed: true })
    },
  }
}
