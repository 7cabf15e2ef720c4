/** Who may run now, and on which cores: first come, first served. */
import { MarketError } from '@assay/protocol'
import { limits } from './limits.ts'

export interface CoreSlots {
  /**
   * Waits until `cores` cores are free and takes them; a caller that wants more than there are gets all.
   * Throws the signal's reason when aborted, `attempt-engine-fault` when too many wait.
   */
  acquire(cores: number, signal: AbortSignal): Promise<CoreSlot>
  readonly running: number
  readonly waiting: number
}
export interface CoreSlot extends Disposable {
  /** Core numbers in the engine's form, such as `0,2`. */
  readonly cpuset: string
}

interface Waiter {
  readonly cores: number
  readonly admit: (slot: CoreSlot) => void
}

export interface CoreSlotsOptions {
  /** Cores of the engine. */
  readonly cores: number
  /** Runs at once, beside the bound by cores. */
  readonly maxConcurrent: number
  /** First core to use: sandboxes that share a machine should not all begin with core 0. */
  readonly firstCore: number
}

/** Each run has its cores to itself. A run at the head of the queue is never overtaken. */
export function createCoreSlots({ cores, maxConcurrent, firstCore }: CoreSlotsOptions): CoreSlots {
  const free = Array.from({ length: cores }, (_, i) => (firstCore + i) % cores)
  const queue: Waiter[] = []
  let running = 0

  const take = (count: number): CoreSlot => {
    const taken = free.splice(0, count)
    running += 1
    let held = true
    return {
      cpuset: taken.toSorted((a, b) => a - b).join(','),
      [Symbol.dispose]() {
        if (!held) return
        held = false
        running -= 1
        free.push(...taken)
        admitNext()
      },
    }
  }
  const fits = (count: number): boolean => running < maxConcurrent && free.length >= count
  const admitNext = (): void => {
    for (let head = queue[0]; head !== undefined && fits(head.cores); head = queue[0]) {
      queue.shift()
      head.admit(take(head.cores))
    }
  }

  return {
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
    async acquire(wanted, signal) {
      signal.throwIfAborted()
      const count = Math.min(Math.max(1, wanted), cores)
      if (queue.length === 0 && fits(count)) return take(count)
      if (queue.length >= limits.waitingRuns) {
        throw new MarketError('attempt-engine-fault', 'too many runs wait for a core', {
          details: { waiting: queue.length },
        })
      }
      const { promise, resolve, reject } = Promise.withResolvers<CoreSlot>()
      const waiter: Waiter = { cores: count, admit: resolve }
      const onAbort = (): void => {
        const at = queue.indexOf(waiter)
        if (at < 0) return
        queue.splice(at, 1)
        reject(signal.reason)
        admitNext()
      }
      queue.push(waiter)
      signal.addEventListener('abort', onAbort, { once: true })
      return promise.finally(() => signal.removeEventListener('abort', onAbort))
    },
  }
}
