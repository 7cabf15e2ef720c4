import { isMarketError } from '@assay/protocol'
import { createLife, type Life } from './mortal.ts'

/** What one run of a process holds open. */
export interface Running {
  readonly parts: AsyncDisposableStack
}

/** A process that can be killed and started again; its disk lives in the closure of `open`. */
export interface SimNode<R extends Running> {
  readonly name: string
  /** What runs now. */
  readonly running: R | undefined
  readonly life: Life
  /** Starts it unless it runs. */
  start(): Promise<void>
  /** Kills it between two of its steps. */
  crash(): void
  /** Kills it at its n-th call to the world from now on. */
  crashAtCall(n: number, counts?: (name: string) => boolean): void
  /** Starts so far. */
  readonly starts: number
}

export interface SimNodes {
  add<R extends Running>(name: string, open: (life: Life, parts: AsyncDisposableStack) => Promise<R>): SimNode<R>
  /** Closes whatever runs or is still closing. */
  closeAll(): Promise<void>
}

export function createSimNodes(): SimNodes {
  const closing = new Set<Promise<void>>()
  const all: SimNode<Running>[] = []
  const bury = ({ parts }: Running): void => {
    // What a crashed process still does has no effect; its end is awaited so that nothing outlives the simulation.
    const closed = parts.disposeAsync().catch(() => undefined)
    closing.add(closed)
  }
  return {
    add(name, open) {
      const node = createNode(name, open, bury)
      all.push(node)
      return node
    },
    async closeAll() {
      for (const node of all) node.crash()
      await Promise.all(closing)
    },
  }
}

function createNode<R extends Running>(
  name: string,
  open: (life: Life, parts: AsyncDisposableStack) => Promise<R>,
  bury: (running: Running) => void,
): SimNode<R> {
  let life = createLife(() => undefined)
  let running: R | undefined
  let starts = 0
  const crash = (): void => {
    life.end()
    if (running !== undefined) bury(running)
    running = undefined
  }
  const start = async (): Promise<void> => {
    starts += 1
    const own = createLife(() => (life === own ? crash() : undefined))
    life = own
    const parts = new AsyncDisposableStack()
    try {
      const opened = await open(own, parts)
      if (own.over) bury(opened)
      else running = opened
    } catch (error) {
      bury({ parts })
      // A process that cannot start now, for want of a chain say, is started again by whoever watches it.
      if (!own.over && !(isMarketError(error) && error.retryable)) throw error
    }
  }
  return {
    name,
    get running() {
      return running
    },
    get life() {
      return life
    },
    get starts() {
      return starts
    },
    crash,
    crashAtCall: (n, counts) => life.endAtCall(n, counts),
    start: async () => (running === undefined ? start() : undefined),
  }
}
