import type { Clock } from '@assay/core'
import { unixMs } from '@assay/protocol'
import { raceAbort } from './race-abort.ts'

/** The machine's clock. Sleepers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  async sleep(ms, signal) {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), ms)
    timer.unref()
    await raceAbort(promise, signal).finally(() => clearTimeout(timer))
  },
}
