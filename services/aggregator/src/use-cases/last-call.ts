import { toUnixMs, unixMs, type UnixMs } from '@assay/protocol'
import type { JobRow } from '../store/records.ts'

/** What is not decided by then is given up, so that the rest can still be settled. */
export function lastCall(job: Pick<JobRow, 'terms' | 'createdAtMs'>): UnixMs {
  const settleBy = toUnixMs(job.terms.settleBy)
  return unixMs(settleBy - Math.min(60_000, (settleBy - job.createdAtMs) / 4))
}
