import {
  Acceptance,
  asHash,
  JobEvidence,
  JobOutcome,
  JobSpec,
  JobState,
  OrderTerms,
  Settlement,
  SettlementProof,
  SubmitRequest,
  unixMs,
  usdc,
  type Address,
  type OrderId,
} from '@assay/protocol'
import { and, count, desc, eq, isNull, ne, sql } from 'drizzle-orm'
import { read, readOptional, write, writeOptional } from './codec-schema.ts'
import { conflict } from './conflict.ts'
import type { StoreDatabase } from './open-store.ts'
import type { JobPatch, JobRow } from './records.ts'
import { jobs } from './schema.ts'

/** Jobs, from submission to close and after. */
export interface JobsStore {
  /** Creates the job unless its order id exists; returns whether it did. */
  createJob(job: Omit<JobRow, 'rev'>): boolean
  job(orderId: OrderId): JobRow | undefined
  activeJobs(): readonly JobRow[]
  countActive(): number
  /** Newest first. */
  jobsOf(client: Address, limit: number): readonly JobRow[]
  /** Throws `state-conflict` when `rev` is not current. Returns the new row. */
  updateJob(job: JobRow, patch: JobPatch): JobRow
  /** Sends a settling job that nobody has signed back to running, without its evidence. Throws `state-conflict`. */
  reopenJob(job: JobRow): void
  evidence(orderId: OrderId): JobEvidence | undefined
}

export function createJobsStore(db: StoreDatabase): JobsStore {
  const toJob = createReader()
  const byId = db
    .select()
    .from(jobs)
    .where(eq(jobs.orderId, sql.placeholder('orderId')))
    .prepare()
  const active = db.select().from(jobs).where(ne(jobs.state, 'closed')).prepare()
  return {
    createJob(job) {
      const row = {
        orderId: job.orderId,
        state: job.state,
        rev: 0,
        client: job.client,
        terms: write(job.terms),
        spec: write(job.spec),
        authorization: writeOptional(job.authorization),
        cancelled: job.cancelled,
        createdAtMs: job.createdAtMs,
      }
      return db.insert(jobs).values(row).onConflictDoNothing().run().changes === 1
    },
    job(orderId) {
      const row = byId.get({ orderId })
      return row && toJob(row)
    },
    activeJobs: () => active.all().map(toJob),
    countActive: () => db.select({ n: count() }).from(jobs).where(ne(jobs.state, 'closed')).get()?.n ?? 0,
    jobsOf: (client, limit) =>
      db
        .select()
        .from(jobs)
        .where(eq(jobs.client, client))
        .orderBy(desc(jobs.createdAtMs))
        .limit(limit)
        .all()
        .map(toJob),
    updateJob(job, patch) {
      const set = { ...columns(patch), rev: job.rev + 1 }
      const current = and(eq(jobs.orderId, job.orderId), eq(jobs.rev, job.rev))
      if (db.update(jobs).set(set).where(current).run().changes !== 1) throw conflict('job', job.orderId)
      const { evidence: _, ...fields } = patch
      return { ...job, ...fields, rev: job.rev + 1 }
    },
    reopenJob(job) {
      const current = and(eq(jobs.orderId, job.orderId), eq(jobs.rev, job.rev), isNull(jobs.settlement))
      const set = { state: 'running', evidence: null, rev: job.rev + 1 }
      if (db.update(jobs).set(set).where(current).run().changes !== 1) throw conflict('job', job.orderId)
    },
    evidence(orderId) {
      const row = db.select({ evidence: jobs.evidence }).from(jobs).where(eq(jobs.orderId, orderId)).get()
      return readOptional(JobEvidence, row?.evidence ?? null)
    },
  }
}

/** Columns of the fields that are present. */
const columns = (patch: JobPatch) => ({
  ...(patch.state && { state: patch.state }),
  ...(patch.outcome && { outcome: patch.outcome }),
  ...(patch.cancelled !== undefined && { cancelled: patch.cancelled }),
  ...(patch.settlement && { settlement: write(patch.settlement) }),
  ...(patch.evidence && { evidence: write(patch.evidence) }),
  ...(patch.proof && { proof: write(patch.proof) }),
  ...(patch.acceptance && { acceptance: write(patch.acceptance) }),
  ...(patch.chargedUsdc !== undefined && { chargedUsdc: patch.chargedUsdc.toString() }),
  ...(patch.refundedUsdc !== undefined && { refundedUsdc: patch.refundedUsdc.toString() }),
  ...(patch.closedAtMs !== undefined && { closedAtMs: patch.closedAtMs }),
})

/** Terms and spec never change, and a spec can be megabytes: those of open jobs are parsed once. */
function createReader(): (row: typeof jobs.$inferSelect) => JobRow {
  const parsed = new Map<string, Pick<JobRow, 'terms' | 'spec'>>()
  return (row) => {
    const fixed = parsed.get(row.orderId) ?? { terms: read(OrderTerms, row.terms), spec: read(JobSpec, row.spec) }
    if (row.state === 'closed') parsed.delete(row.orderId)
    else parsed.set(row.orderId, fixed)
    return {
      ...fixed,
      orderId: asHash(row.orderId),
      state: JobState.parse(row.state),
      rev: row.rev,
      outcome: row.outcome === null ? undefined : JobOutcome.parse(row.outcome),
      client: fixed.terms.client,
      authorization: readOptional(SubmitRequest.shape.authorization, row.authorization),
      cancelled: row.cancelled,
      settlement: readOptional(Settlement, row.settlement),
      proof: readOptional(SettlementProof, row.proof),
      acceptance: readOptional(Acceptance, row.acceptance),
      chargedUsdc: row.chargedUsdc === null ? undefined : usdc(BigInt(row.chargedUsdc)),
      refundedUsdc: row.refundedUsdc === null ? undefined : usdc(BigInt(row.refundedUsdc)),
      createdAtMs: unixMs(row.createdAtMs),
      closedAtMs: row.closedAtMs === null ? undefined : unixMs(row.closedAtMs),
    }
  }
}
