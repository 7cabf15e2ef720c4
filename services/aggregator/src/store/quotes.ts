import { asHash, JobSpec, OrderTerms, unixMs, type Hash32, type OrderId, type UnixMs } from '@assay/protocol'
import { and, count, eq, gt, gte, isNull, lt, notInArray, or } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { QuoteRow } from './records.ts'
import { certifications, jobs, quotes } from './schema.ts'

/** Quotes, kept as long as blobs are kept for them. */
export interface QuotesStore {
  saveQuote(quote: QuoteRow): void
  quote(quoteId: Hash32): QuoteRow | undefined
  /** Quotes that have not expired by `now`. */
  countQuotes(now: UnixMs): number
  /**
   * Drops quotes that expired before `expiredBefore` without a job or certification under way, or with one that closed before `closedBefore`, and
   * returns their orders: nobody needs their blobs any more.
   */
  dropQuotes(expiredBefore: UnixMs, closedBefore: UnixMs): readonly OrderId[]
}

export function createQuotesStore(db: StoreDatabase): QuotesStore {
  return {
    saveQuote({ quoteId, orderId, terms, spec, expiresAtMs }) {
      const row = { quoteId, orderId, terms: write(terms), spec: write(spec), expiresAtMs }
      db.insert(quotes).values(row).run()
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
    countQuotes: (now) => db.select({ n: count() }).from(quotes).where(gt(quotes.expiresAtMs, now)).get()?.n ?? 0,
    dropQuotes(expiredBefore, closedBefore) {
      const needed = db
        .select({ id: jobs.orderId })
        .from(jobs)
        .where(or(isNull(jobs.closedAtMs), gte(jobs.closedAtMs, closedBefore)))
      const certifying = db
        .select({ id: certifications.orderId })
        .from(certifications)
        .where(eq(certifications.state, 'running'))
      return db
        .delete(quotes)
        .where(
          and(
            lt(quotes.expiresAtMs, expiredBefore),
            notInArray(quotes.orderId, needed),
            notInArray(quotes.orderId, certifying),
          ),
        )
        .returning({ id: quotes.orderId })
        .all()
        .map((row) => asHash(row.id))
    },
  }
}
