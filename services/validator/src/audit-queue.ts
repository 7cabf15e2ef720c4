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

/** Places where a run can take place, shared by queues: who waits in the first line goes before who waits in the second. */
export interface WorkSlots {
  enter(line: 0 | 1): Promise<void>
  leave(line: 0 | 1): void
  waiting(line: 0 | 1): number
}

/** Work of the second line has at most half of the slots, and always one. */
export function createWorkSlots(slots: number): WorkSlots {
  const lines: readonly [(() => void)[], (() => void)[]] = [[], []]
  const busy: [number, number] = [0, 0]
  const most = [slots, Math.max(1, Math.floor(slots / 2))] as const
  const admit = (): void => {
    for (const line of [0, 1] as const)
      while (busy[0] + busy[1] < slots && busy[line] < most[line] && lines[line].length > 0) {
        busy[line] += 1
        lines[line].shift()?.()
      }
  }
  return {
    async enter(line) {
      const { promise, resolve } = Promise.withResolvers<void>()
      lines[line].push(resolve)
      admit()
      await promise
    },
    leave(line) {
      busy[line] -= 1
      admit()
    },
    waiting: (line) => lines[line].length,
  }
}

export interface AuditQueueOptions {
  readonly slots: WorkSlots
  /** Audits wait in line 0, whatever can wait in line 1. */
  readonly line: 0 | 1
  /** Past this, an alternate is faster. */
  readonly waiting: number
}

export function createAuditQueue<T>({ slots, line, waiting }: AuditQueueOptions): AuditQueue<T> {
  const calls = new Map<string, Promise<T>>()
  const start = async (work: () => Promise<T>): Promise<T> => {
    await slots.enter(line)
    try {
      return await work()
    } finally {
      slots.leave(line)
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
      const before = slots.waiting(line)
      if (before >= waiting) {
        throw new MarketError('audit-refused', 'too many audits wait here', { details: { waiting: before } })
      }
      const fresh = start(work).finally(() => calls.delete(key))
      calls.set(key, fresh)
      return fresh
    },
  }
}
