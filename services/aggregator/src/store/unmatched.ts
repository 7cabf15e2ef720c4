import { MatchFacts, type OrderId } from '@assay/protocol'
import { asc, eq } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import { unmatched } from './schema.ts'

/** Why shards that no provider took were passed over: for explanations, never for decisions. */
export interface UnmatchedStore {
  /** Keeps the first account of each shard. */
  saveUnmatched(orderId: OrderId, matches: readonly MatchFacts[]): void
  unmatchedOf(orderId: OrderId): readonly MatchFacts[]
}

export const createUnmatchedStore = (db: StoreDatabase): UnmatchedStore => ({
  saveUnmatched(orderId, matches) {
    for (const match of matches)
      db.insert(unmatched)
        .values({ orderId, shard: match.shard, match: write(match) })
        .onConflictDoNothing()
        .run()
  },
  unmatchedOf: (orderId) =>
    db
      .select()
      .from(unmatched)
      .where(eq(unmatched.orderId, orderId))
      .orderBy(asc(unmatched.shard))
      .all()
      .map((row) => read(MatchFacts, row.match)),
})
