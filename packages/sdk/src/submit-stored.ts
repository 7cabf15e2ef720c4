import { isMarketError, MarketError } from '@assay/protocol'
import type { ClientParts } from './client-parts.ts'
import type { StoredJob } from './job-store.ts'

/** Submits a stored request, again or for the first time. Throws the aggregator's refusal with the order's id added. */
export async function submitStored(parts: ClientParts, job: StoredJob, signal: AbortSignal): Promise<void> {
  // What is sent may be spent, by whichever instance it was signed.
  parts.cap.take(job.orderId, job.request.terms.maxAmount)
  try {
    await parts.api.submit(job.request, signal)
  } catch (error) {
    if (!isMarketError(error)) throw error
    const { code, message, blame, details } = error
    throw new MarketError(code, message, { details: { ...details, orderId: job.orderId }, blame, cause: error })
  }
}
