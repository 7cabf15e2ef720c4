/** The results of a job's accepted shards, as they are accepted. */
import { MarketError, type AttemptView, type JobView } from '@assay/protocol'
import { followEvents } from './follow-events.ts'
import { readState } from './job-state.ts'
import { noteOpening, type JobParts } from './job-parts.ts'
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

/** Every accepted shard once: those accepted already by number, then the others as they come, until the job is closed. */
export async function* acceptedResults(parts: JobParts, signal: AbortSignal): AsyncGenerator<ShardOutput> {
  const seen = new Set<number>()
  let view = await readState(parts, signal)
  let readAt = parts.clock.now()
  yield* fresh(parts, view, seen)
  if (view.state === 'closed') return
  for await (const event of followEvents(parts.api, parts.orderId, 0, signal)) {
    const news = event.type === 'shard.verified' && event.shard !== undefined && !seen.has(event.shard)
    if (!news && event.type !== 'job.closed') continue
    await sleep(Math.max(0, readAt + limits.stateIntervalMs - parts.clock.now()), parts.clock, signal)
    view = await readState(parts, signal)
    readAt = parts.clock.now()
    yield* fresh(parts, view, seen)
  }
}

/** The accepted attempt of every shard that has one, by shard. */
export const acceptedAttempts = (view: JobView): readonly AttemptView[] =>
  view.attempts.filter(({ state }) => state === 'accepted').toSorted((a, b) => a.shard - b.shard)

function* fresh(parts: JobParts, view: JobView, seen: Set<number>): Generator<ShardOutput> {
  for (const attempt of acceptedAttempts(view)) {
    if (seen.has(attempt.shard)) continue
    seen.add(attempt.shard)
    yield toOutput(parts, attempt)
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
