import { after, durationMs } from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'

/** Lets go of the inputs of quotes that became no job, and of results that were kept long enough; then rests. */
export async function sweepQuotes({ blobs, clock, log, store }: Context, signal: AbortSignal): Promise<void> {
  // A submission that began just before the quote expired still finds it.
  const expired = after(clock.now(), -limits.sweepMs)
  const gone = store.dropQuotes(expired, after(clock.now(), -limits.keepResultsMs))
  for (const orderId of gone) await blobs.release(orderId)
  store.dropCertificates(after(clock.now(), -limits.keepCertificatesMs))
  if (gone.length > 0) log.info({ quotes: gone.length }, 'quotes.forgotten')
  await clock.sleep(durationMs(limits.sweepMs), signal)
}
