/** The results of a job's accepted shards, as they are accepted. */
import { MarketError, type AttemptView, type JobView } from '@assay/protocol'
import { followEvents } from './follow-events.ts'
import { noteOpening, type JobParts } from './job-parts.ts'
import { readState } from './job-state.ts'
import { limits } from './limits.ts'
import { sleep } from './repeat.ts'
import { createShardOutput, type ShardOutput } from './shard-output.ts'

/** One shard's result. Throws `job-incomplete` while or when the shard is not accepted, `job-unknown`, `result-invalid`. */
export async function acceptedResult(parts: JobParts, shard: number, signal: AbortSignal): Promise<ShardOutput> {
  const name = parts.spec.shards[shard]?.name
  if (name === undefined) {
    throw new MarketError('spec-invalid', `the job has no shard ${shard}`, { details: { field: 'shard', shard } })
  }
  const view = await readState(parts, signal)
  const accepted = acceptedAttempts(view).find((attempt) => attempt.shard === shard)
  if (accepted !== undefined) return toOutput(parts, accepted)
  throw new MarketError('job-incomplete', `shard ${name} has no accepted result`, {
    details: { shard, name, jobState: view.state },
  })
}

/**
 * Every accepted attempt once: those accepted already by shard, then the others as they come, until the job is closed, or in
 * class DX until it waits for its client. An attempt that nobody audited may still be overturned; then its shard comes again with another attempt.
 */
export async function* acceptedResults(parts: JobParts, signal: AbortSignal): AsyncGenerator<ShardOutput> {
  const seen = new Set<string>()
  let view = await readState(parts, signal)
  let readAt = parts.clock.now()
  yield* fresh(parts, view, seen)
  const unjudged = parts.terms.quorumId === 0
  if (view.state === 'closed' || (unjudged && view.state === 'settling')) return
  for await (const { type, shard, attempt } of followEvents(parts.api, parts.orderId, 0, signal)) {
    const news = type === (unjudged ? 'attempt.committed' : 'shard.verified') && !seen.has(`${shard}/${attempt}`)
    const over = type === 'job.closed' || (unjudged && type === 'job.settling')
    if (!news && !over) continue
    await sleep(Math.max(0, readAt + limits.stateIntervalMs - parts.clock.now()), parts.clock, signal)
    view = await readState(parts, signal)
    readAt = parts.clock.now()
    yield* fresh(parts, view, seen)
    if (over && unjudged) return
  }
}

/** Throws `result-invalid` when the aggregator's own account of the attempt does not hold. */
export function toOutput(parts: JobParts, view: AttemptView): ShardOutput {
  const { api, orderId, identity, domain: market } = parts
  const name = parts.spec.shards[view.shard]?.name
  if (name === undefined) {
    throw new MarketError('result-invalid', 'the aggregator names a shard that the job does not have', {
      details: { shard: view.shard },
      blame: 'aggregator',
    })
  }
  const onOpened: Parameters<typeof createShardOutput>[0]['onOpened'] = (output, opening) =>
    noteOpening(parts, output, opening)
  return createShardOutput({ api, market, orderId, identity, onOpened }, name, view)
}

/** Those that count. Class DX has no verdicts: what was delivered is there to be looked at before it is accepted. */
const acceptedAttempts = (view: JobView): readonly AttemptView[] =>
  view.attempts
    .filter(({ state }) => state === 'accepted' || (state === 'committed' && view.terms.quorumId === 0))
    .toSorted((a, b) => a.shard - b.shard)

function* fresh(parts: JobParts, view: JobView, seen: Set<string>): Generator<ShardOutput> {
  for (const attempt of acceptedAttempts(view)) {
    const key = `${attempt.shard}/${attempt.attempt}`
    if (seen.has(key)) continue
    seen.add(key)
    yield toOutput(parts, attempt)
  }
}
