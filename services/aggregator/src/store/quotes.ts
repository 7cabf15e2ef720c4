import { asHash, JobSpec, OrderTerms, unixMs, type Hash32, type UnixMs } from '@assay/protocol'
import { eq, gt, lt, count } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { QuoteRow } from './records.ts'
import { quotes } from './schema.ts'

/** Quotes, until they expire. */
export interface QuotesStore {
  saveQuote(quote: QuoteRow): void
  quote(quoteId: Hash32): QuoteRow | undefined
  /** Quotes that have not expired by `now`. */
  countQuotes(now: UnixMs): number
  /** Drops quotes that expired before `instant` and returns their ids, so that their blobs can be released. */
  dropQuotes(instant: UnixMs): readonly Hash32[]
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
    dropQuotes: (instant) =>
      db
        .delete(quotes)
        .where(lt(quotes.expiresAtMs, instant))
        .returning({ id: quotes.quoteId })
        .all()
        .map((row) => asHash(row.id)),
  }
}
