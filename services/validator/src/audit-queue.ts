import { MarketError } from '@assay/protocol'

/** Runs a bounded number of pieces of work at once, first come, first served. */
export interface AuditQueue<T> {
  /** Callers that come while the key runs or waits share its outcome. Throws `audit-refused` when too many wait. */
  run(key: string, work: () => Promise<T>): Promise<T>
  /** What runs or waits. */
  size(): number
  /** Resolves once nothing runs. */
  idle(): Promise<void>
}

export interface AuditQueueOptions {
  readonly slots: number
  /** Past this, an alternate is faster. */
  readonly waiting: number
}

export function createAuditQueue<T>({ slots, waiting }: AuditQueueOptions): AuditQueue<T> {
  const calls = new Map<string, Promise<T>>()
  const line: (() => void)[] = []
  let busy = 0
  const enter = async (): Promise<void> => {
    if (busy < slots) {
      busy += 1
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    line.push(resolve)
    // Whoever leaves hands its slot over, so `busy` stays as it is.
    await promise
  }
  const leave = (): void => {
    const next = line.shift()
    if (next === undefined) busy -= 1
    else next()
  }
  const start = async (work: () => Promise<T>): Promise<T> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
  return {
    size: () => calls.size,
    idle: async () => {
      await Promise.allSettled(calls.values())
    },
    async run(key, work) {
      const call = calls.get(key)
      if (call !== undefined) return call
      if (line.length >= waiting) {
        throw new MarketError('audit-refused', 'too many audits wait here', { details: { waiting: line.length } })
      }
      const fresh = start(work).finally(() => calls.delete(key))
      calls.set(key, fresh)
      return fresh
    },
  }
}
