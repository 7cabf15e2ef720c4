/** Where a job is, and waiting for its end. */
import { deriveOrderId, MarketError, type JobView } from '@assay/protocol'
import { assertLive } from './faults.ts'
import { followEvents } from './follow-events.ts'
import type { JobParts } from './job-parts.ts'
import { limits } from './limits.ts'
import { sleep } from './repeat.ts'

/** The aggregator's view of the job. Throws `message-malformed` (blame: aggregator) when it is of another job. */
export async function readState(parts: JobParts, signal: AbortSignal): Promise<JobView> {
  return checkView(parts, await parts.api.job(parts.orderId, signal))
}

/** A view of this job and no other. Throws `message-malformed` (blame: aggregator). */
export function checkView(parts: JobParts, view: JobView): JobView {
  const own = deriveOrderId(parts.domain, view.terms) === parts.orderId && view.orderId === parts.orderId
  if (own && view.shards === parts.spec.shards.length) return view
  throw new MarketError('message-malformed', 'the aggregator answers with another job', {
    details: { what: 'job', orderId: parts.orderId },
    blame: 'aggregator',
  })
}

/** Waits until the job is closed. Throws `deadline-passed` like `untilRefund`. */
export async function awaitClosed(parts: JobParts, signal: AbortSignal): Promise<JobView> {
  for await (const view of untilRefund(parts, signal, (either) => statesUntilClosed(parts, either))) {
    if (view.state === 'closed') return view
  }
  throw new MarketError('internal', 'the wait for the end of the job ended without it')
}

/**
 * Passes an iteration on as long as the job can end by itself. Throws `deadline-passed` (blame: aggregator) a minute after
 * `refundAt` when the job is still not closed: from then on the money comes back to anyone's call, so waiting is pointless.
 */
export async function* untilRefund<T>(
  parts: JobParts,
  signal: AbortSignal,
  run: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const late = new AbortController()
  const done = new AbortController()
  const alarm = watch(parts, AbortSignal.any([signal, done.signal]), () => late.abort())
  try {
    yield* run(AbortSignal.any([signal, late.signal]))
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

async function* statesUntilClosed(parts: JobParts, signal: AbortSignal): AsyncGenerator<JobView> {
  for (;;) {
    yield await readState(parts, signal)
    for await (const { type } of followEvents(parts.api, parts.orderId, 0, signal)) if (type === 'job.closed') break
    await sleep(limits.stateIntervalMs, parts.clock, signal)
  }
}

/** Calls `onLate` when the deadline comes and the job is not closed. Never rejects. */
async function watch(parts: JobParts, signal: AbortSignal, onLate: () => void): Promise<void> {
  const { clock, terms } = parts
  const dueMs = terms.refundAt * 1000 + limits.closeGraceMs
  try {
    // Timers hold at most 2^31 ms; a later deadline is watched in steps.
    while (clock.now() < dueMs) await sleep(Math.min(dueMs - clock.now(), limits.maxTimerMs), clock, signal)
  } catch {
    // The wait ended first.
    return
  }
  try {
    // An old job is read long after its deadline; only one that never ended is late.
    if ((await readState(parts, signal)).state === 'closed') return
  } catch {
    if (signal.aborted) return
  }
  onLate()
}
