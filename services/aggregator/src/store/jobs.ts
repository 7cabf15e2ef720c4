import {
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
  type UnixMs,
} from '@assay/protocol'
import { and, desc, eq, lt, ne, sql } from 'drizzle-orm'
import { conflict, read, readOptional, write, writeOptional } from './codec.ts'
import type { StoreDatabase } from './open-store.ts'
import type { JobPatch, JobRow, QuoteRow } from './records.ts'
import { jobs, quotes } from './schema.ts'

/** Quotes and jobs. */
export interface JobsStore {
  saveQuote(quote: QuoteRow): void
  quote(quoteId: string): QuoteRow | undefined
  countQuotes(now: UnixMs): number
  /** Drops expired quotes and returns their ids, so that their blobs can be released. */
  dropQuotes(before: UnixMs): readonly string[]
  /** Creates the job unless its order id exists; returns whether it did. */
  createJob(job: Omit<JobRow, 'rev'>): boolean
  job(orderId: OrderId): JobRow | undefined
  activeJobs(): readonly JobRow[]
  countActive(): number
  jobsOf(client: Address, limit: number): readonly JobRow[]
  /** Throws `state-conflict` when `rev` is not current. Returns the new row. */
  updateJob(job: JobRow, patch: JobPatch): JobRow
  evidence(orderId: OrderId): JobEvidence | undefined
}

export function createJobsStore(db: StoreDatabase): JobsStore {
  // Terms and spec never change, and a spec can be megabytes: parse each once.
  const parsed = new Map<string, Pick<JobRow, 'terms' | 'spec'>>()
  const toJob = (row: typeof jobs.$inferSelect): JobRow => {
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
      chargedUsdc: row.chargedUsdc === null ? undefined : usdc(BigInt(row.chargedUsdc)),
      refundedUsdc: row.refundedUsdc === null ? undefined : usdc(BigInt(row.refundedUsdc)),
      createdAtMs: unixMs(row.createdAtMs),
      closedAtMs: row.closedAtMs === null ? undefined : unixMs(row.closedAtMs),
    }
  }
  return {
    saveQuote({ quoteId, orderId, terms, spec, expiresAtMs }) {
      db.insert(quotes)
        .values({ quoteId, orderId, terms: write(terms), spec: write(spec), expiresAtMs })
        .run()
    },
    quote(quoteId) {
      const row = db.select().from(quotes).where(eq(quotes.quoteId, quoteId)).get()
      if (row === undefined) return undefined
      return {
        quoteId: asHash(row.quoteId),
        orderId: asHash(row.orderId),
        terms: read(OrderTerms, row.terms),
        spec: read(JobSpec, row.spec),
        expiresAtMs: unixMs(row.expiresAtMs),
      }
    },
    countQuotes: (now) =>
      db
        .select({ n: sql<number>`count(*)` })
        .from(quotes)
        .where(sql`${quotes.expiresAtMs} > ${now}`)
        .get()?.n ?? 0,
    dropQuotes(before) {
      return db
        .delete(quotes)
        .where(lt(quotes.expiresAtMs, before))
        .returning({ id: quotes.quoteId })
        .all()
        .map((row) => row.id)
    },
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
      const row = db.select().from(jobs).where(eq(jobs.orderId, orderId)).get()
      return row && toJob(row)
    },
    activeJobs: () => db.select().from(jobs).where(ne(jobs.state, 'closed')).all().map(toJob),
    countActive: () =>
      db
        .select({ n: sql<number>`count(*)` })
        .from(jobs)
        .where(ne(jobs.state, 'closed'))
        .get()?.n ?? 0,
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
      const set = {
        ...(patch.state && { state: patch.state }),
        ...(patch.outcome && { outcome: patch.outcome }),
        ...(patch.cancelled !== undefined && { cancelled: patch.cancelled }),
        ...(patch.settlement && { settlement: write(patch.settlement) }),
        ...(patch.evidence && { evidence: write(patch.evidence) }),
        ...(patch.proof && { proof: write(patch.proof) }),
        ...(patch.chargedUsdc !== undefined && { chargedUsdc: patch.chargedUsdc.toString() }),
        ...(patch.refundedUsdc !== undefined && { refundedUsdc: patch.refundedUsdc.toString() }),
        ...(patch.closedAtMs !== undefined && { closedAtMs: patch.closedAtMs }),
        rev: job.rev + 1,
      }
      const done = db
        .update(jobs)
        .set(set)
        .where(and(eq(jobs.orderId, job.orderId), eq(jobs.rev, job.rev)))
        .run()
      if (done.changes !== 1) throw conflict('job', job.orderId)
      const { evidence: _, ...fields } = patch
      return { ...job, ...fields, rev: job.rev + 1 }
    },
    evidence(orderId) {
      const row = db.select({ evidence: jobs.evidence }).from(jobs).where(eq(jobs.orderId, orderId)).get()
      return readOptional(JobEvidence, row?.evidence ?? null)
    },
  }
}
