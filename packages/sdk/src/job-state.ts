/** Where a job is, and waiting for its end. */
import { deriveOrderId, MarketError, type JobView } from '@assay/protocol'
import { assertLive } from './faults.ts'
import { followEvents } from './follow-events.ts'
import type { JobParts } from './job-parts.ts'
import { limits } from './limits.ts'
import { sleep } from './repeat.ts'

/** The aggregator's view of the job. Throws `message-malformed` (blame: aggregator) when it is of another job. */
export async function readState(parts: JobParts, signal: AbortSignal): Promise<JobView> {
  const view = await parts.api.job(parts.orderId, signal)
  const own = deriveOrderId(parts.domain, view.terms) === parts.orderId && view.orderId === parts.orderId
  if (own && view.shards === parts.spec.shards.length) return view
  throw new MarketError('message-malformed', 'the aggregator answers with another job', {
    details: { what: 'job', orderId: parts.orderId },
    blame: 'aggregator',
  })
}

/**
 * Waits until the job is closed. Throws `deadline-passed` a minute after `refundAt`: from then on the money comes back to
 * anyone's call, whatever the aggregator does.
 */
export async function awaitClosed(parts: JobParts, signal: AbortSignal): Promise<JobView> {
  const late = new AbortController()
  const done = new AbortController()
  const either = AbortSignal.any([signal, late.signal])
  const alarm = watch(parts, done.signal, () => late.abort())
  try {
    for (;;) {
      const view = await readState(parts, either)
      if (view.state === 'closed') return view
      for await (const _event of followEvents(parts.api, parts.orderId, 0, either));
      await sleep(limits.stateIntervalMs, parts.clock, either)
    }
  } catch (error) {
    assertLive(signal)
    if (!late.signal.aborted) throw error
    throw new MarketError('deadline-passed', 'the aggregator did not close the job in time', {
      details: { orderId: parts.orderId, refundAt: parts.terms.refundAt },
      blame: 'aggregator',
      cause: error,
    })
  } finally {
    done.abort()
    await alarm
  }
}

async function watch({ clock, terms }: JobParts, signal: AbortSignal, onLate: () => void): Promise<void> {
  const dueMs = terms.refundAt * 1000 + limits.closeGraceMs
  try {
    // Timers hold at most 2^31 ms; a later deadline is watched in steps.
    while (clock.now() < dueMs) await sleep(Math.min(dueMs - clock.now(), limits.maxTimerMs), clock, signal)
    onLate()
  } catch {
    // The wait ended first.
  }
}
