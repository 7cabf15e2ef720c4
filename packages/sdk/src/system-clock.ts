import type { Clock } from '@assay/core'
import { unixMs } from '@assay/protocol'

/** The machine's clock, in Node and browsers. */
export const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = (): void => reject(signal.reason)
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    return promise.finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    })
  },
}
