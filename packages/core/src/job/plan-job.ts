/**
 * What a job needs next, as a pure function of its records and the time. The service carries the actions out, writes
 * what happened and asks again; after a restart it asks again too, so no step depends on memory.
 */
import type { Address, AttemptState, JobState, UnixMs } from '@assay/protocol'

/** One try of one shard, as far as planning needs it. */
export interface AttemptRecord {
  readonly shard: number
  readonly attempt: number
  readonly provider: Address
  readonly state: AttemptState
  readonly commitByMs: UnixMs
  /** The shard must not be tried again: its result is not reproducible. */
  readonly final: boolean
}
export interface JobRecord {
  readonly state: JobState
  readonly shards: number
  readonly cancelled: boolean
  /** Whether a quorum decides on commits; without one a commit is the end of its shard, and the client decides later. */
  readonly judged: boolean
  /** No new attempt starts after this: audits and settlement need the rest of the window. */
  readonly dispatchUntilMs: UnixMs
  /** Settlement must be on chain before this. */
  readonly settleByMs: UnixMs
  readonly refundAtMs: UnixMs
}
export interface JobPlan {
  /** Shards that need a new attempt, lowest first, with who has tried before. */
  readonly dispatch: readonly {
    readonly shard: number
    readonly attempt: number
    readonly tried: ReadonlySet<Address>
  }[]
  /** Attempts that someone must be driving now. */
  readonly drive: readonly { readonly shard: number; readonly attempt: number }[]
  /** Shards without a live attempt that will get none any more. */
  readonly failed: readonly number[]
  readonly accepted: number
  /** Nothing runs and nothing is left to start: only commits under audit remain. */
  readonly quiet: boolean
  /** Every shard is accepted or failed. */
  readonly settled: boolean
}

const driven: ReadonlySet<AttemptState> = new Set(['offered', 'leased', 'preparing', 'executing'])
const waiting: ReadonlySet<AttemptState> = new Set(['committed', 'auditing', 'disputed'])

/** Plans one job. Attempts of a shard are numbered from 1 and at most one of them is live. */
export function planJob(job: JobRecord, attempts: readonly AttemptRecord[], now: UnixMs, maxAttempts: number): JobPlan {
  const byShard = new Map<number, AttemptRecord[]>()
  for (const attempt of attempts) byShard.set(attempt.shard, [...(byShard.get(attempt.shard) ?? []), attempt])
  const dispatch: { shard: number; attempt: number; tried: Set<Address> }[] = []
  const failed: number[] = []
  let accepted = 0
  let open = 0
  for (let shard = 0; shard < job.shards; shard++) {
    const tries = byShard.get(shard) ?? []
    if (tries.some((attempt) => attempt.state === 'accepted')) accepted++
    else if (!job.judged && tries.some((attempt) => attempt.state === 'committed')) continue
    else if (tries.some((attempt) => driven.has(attempt.state) || waiting.has(attempt.state))) open++
    else if (job.cancelled || now >= job.dispatchUntilMs || tries.length >= maxAttempts || tries.some((a) => a.final))
      failed.push(shard)
    else dispatch.push({ shard, attempt: tries.length + 1, tried: new Set(tries.map((attempt) => attempt.provider)) })
  }
  const drive = attempts.filter((attempt) => driven.has(attempt.state))
  return {
    dispatch,
    drive: drive.map(({ shard, attempt }) => ({ shard, attempt })),
    failed,
    accepted,
    quiet: drive.length === 0 && dispatch.length === 0,
    settled: open === 0 && dispatch.length === 0,
  }
}
