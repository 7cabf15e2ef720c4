import { auditFactsOf, drawFactsOf, explainJob as explain, type Seeding } from '@assay/core'
import {
  EpochProposal,
  openEnvelope,
  type AttemptView,
  type Hash32,
  type JobExplanation,
  type JobFacts,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'
import { dispatchUntil } from './dispatch-shards.ts'
import { lastCall } from './last-call.ts'
import { makePlan } from './make-plan.ts'
import { matchShards } from './match-shards.ts'
import { viewJob } from './view-job.ts'

/**
 * Why a job is where it is, from the records and the chain. With `only`, that shard alone; else the first shards, as many as
 * one answer holds.
 */
export async function explainJob(
  context: Context,
  job: JobRow,
  only: number | undefined,
  signal: AbortSignal,
): Promise<JobExplanation> {
  const { spec } = job
  const covers = (shard: number): boolean => (only === undefined ? shard < limits.explainedShards : shard === only)
  const view = viewJob(context, job)
  const attempts = context.store.attemptsOf(job.orderId).filter(({ shard }) => covers(shard))
  const facts = await gatherFacts(context, job, { attempts, covers }, signal)
  const shown: AttemptView[] = view.attempts.filter(({ shard }) => covers(shard))
  const covered = { ...view, attempts: shown }
  const shards = only === undefined ? spec.shards.slice(0, limits.explainedShards) : spec.shards
  const findings = explain({
    spec: { ...spec, shards },
    view: covered,
    facts,
    ...(only !== undefined && { shard: only }),
  })
  const left = only === undefined ? spec.shards.length - shards.length : 0
  return { view: only === undefined ? view : covered, facts, findings: [...findings], left }
}

async function gatherFacts(
  context: Context,
  job: JobRow,
  { attempts, covers }: { readonly attempts: readonly AttemptRow[]; readonly covers: (shard: number) => boolean },
  signal: AbortSignal,
): Promise<JobFacts> {
  const { chain, clock, store } = context
  const { orderId } = job
  // An explanation without the chain is better than none.
  const order = await chain.order(orderId, signal).catch(() => undefined)
  const waiting = job.state === 'running' ? makePlan(context, job).dispatch.filter(({ shard }) => covers(shard)) : []
  const matches = job.state === 'running' ? matchShards(context, job, waiting) : store.unmatchedOf(orderId)
  return {
    atMs: clock.now(),
    dispatchUntilMs: dispatchUntil(job),
    lastCallMs: lastCall(job),
    cancelled: job.cancelled,
    ...(order && { order: { status: order.status, remainingUsdc: order.remaining } }),
    matches: matches.filter(({ shard }) => covers(shard)),
    deadlines: attempts.map(({ shard, attempt, commitByMs }) => ({ shard, attempt, commitByMs })),
    ...gatherAudits(context, job, attempts),
    slashes: store
      .verdictsOf(orderId)
      .filter(({ verdict }) => covers(verdict.shard))
      .map(({ accused, state, verdict }) => {
        const { shard, attempt, slash } = verdict
        return { shard, attempt, accused, slashUsdc: slash, state }
      }),
  }
}

function gatherAudits(
  { store }: Context,
  { client, orderId }: JobRow,
  attempts: readonly AttemptRow[],
): Pick<JobFacts, 'draws' | 'audits'> {
  const seeds = new Map<Hash32, Seeding | undefined>()
  const seedingOf = (digest: Hash32): Seeding | undefined => {
    if (!seeds.has(digest)) {
      const epoch = store.epoch(digest)
      const beacon = epoch?.beacon
      seeds.set(digest, beacon && { proposal: openEnvelope('epoch/1', EpochProposal, epoch.proposal), beacon })
    }
    return seeds.get(digest)
  }
  const rows = new Map(store.auditsOf(orderId).map((row) => [row.commitment, row]))
  const draws: JobFacts['draws'] = []
  const audits: JobFacts['audits'] = []
  for (const { commit, epoch, ratePpm } of attempts) {
    const seeding = epoch === undefined ? undefined : seedingOf(epoch)
    if (seeding === undefined || commit === undefined || ratePpm === undefined) continue
    draws.push(drawFactsOf(seeding, { commit, ratePpm }))
    const row = rows.get(commit.commitment)
    if (row !== undefined) audits.push(auditFactsOf(seeding, commit, client, { ...row.audit, unopened: row.unopened }))
  }
  return { draws, audits }
}
