import type { Clock } from '@assay/core'
import { unixMs } from '@assay/protocol'
import { limits } from './limits.ts'

/** The machine's wall clock and timers. A pending sleep keeps the process alive. */
export const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  async sleep(ms, signal) {
    let left: number = ms
    do {
      const part = Math.min(left, limits.timerMs)
      await pause(part, signal)
      left -= part
    } while (left > 0)
  },
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const onAbort = (): void => reject(abortReason(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })
