import type { Database, Reader, Transaction } from '@assay/node-kit'
import {
  asHash,
  Envelope,
  ErrorBody,
  JobSpec,
  MarketError,
  Opening,
  OrderTerms,
  SignedCommit,
  toUnixMs,
  unixMs,
} from '@assay/protocol'
import { and, count, eq, inArray, isNull, lt, lte, sql } from 'drizzle-orm'
import { asPublicKey, asSignature, read, readOptional, SealedRef, write } from './codec-schema.ts'
import { attemptStates, type AttemptPatch, type AttemptRow, type AttemptState, type ProviderStore } from './records.ts'
import { attempts, counters, orders } from './schema.ts'

/** The provider's store over a database that was opened with this folder's migrations. */
export const createSqliteStore = (database: Database): ProviderStore => ({
  ...createOrders(database),
  ...createAttempts(database),
  next: (name) =>
    database.withTransaction((tx) => {
      const add = { target: counters.name, set: { value: sql`${counters.value} + 1` } }
      return tx.insert(counters).values({ name, value: 1 }).onConflictDoUpdate(add).returning().get().value
    }),
})

function createOrders({ reader, withTransaction }: Database): Pick<ProviderStore, 'order' | 'forgetBefore'> {
  return {
    order(orderId) {
      const row = reader.select().from(orders).where(eq(orders.orderId, orderId)).get()
      return row && { orderId, terms: read(OrderTerms, row.terms), spec: read(JobSpec, row.spec) }
    },
    forgetBefore: (instant) =>
      withTransaction((tx) => {
        const old = tx.select({ orderId: orders.orderId }).from(orders).where(lt(orders.refundAtMs, instant)).all()
        return old.flatMap(({ orderId }) => {
          const gone = tx
            .delete(attempts)
            .where(eq(attempts.orderId, orderId))
            .returning({ lease: attempts.lease })
            .all()
          tx.delete(orders).where(eq(orders.orderId, orderId)).run()
          return gone.map(({ lease }) => asHash(lease))
        })
      }),
  }
}

function createAttempts({ reader, withTransaction }: Database): Omit<ProviderStore, 'order' | 'forgetBefore' | 'next'> {
  return {
    addAttempt: ({ order, ...attempt }) =>
      withTransaction((tx) => {
        const { orderId, terms, spec } = order
        const values = { orderId, terms: write(terms), spec: write(spec), refundAtMs: toUnixMs(terms.refundAt) }
        tx.insert(orders).values(values).onConflictDoNothing().run()
        const row = { ...attempt, orderId, offer: write(attempt.offer), state: 'leased', rev: 0 }
        return tx.insert(attempts).values(row).onConflictDoNothing().run().changes === 1
      }),
    attempt: (lease) => one(reader.select().from(attempts).where(eq(attempts.lease, lease)).get()),
    attemptOf: ({ orderId, shard, attempt }) =>
      one(
        reader
          .select()
          .from(attempts)
          .where(keyIs(orderId, shard, attempt))
          .get(),
      ),
    byCommitment: (commitment) => one(reader.select().from(attempts).where(eq(attempts.commitment, commitment)).get()),
    inStates: (states) =>
      reader
        .select()
        .from(attempts)
        .where(inArray(attempts.state, [...states]))
        .all()
        .map(toAttempt),
    unheld: (instant) =>
      reader
        .select()
        .from(attempts)
        .where(
          and(
            inArray(attempts.state, ['committed', 'delivered']),
            isNull(attempts.heldAtMs),
            lte(attempts.atMs, instant),
          ),
        )
        .all()
        .map(toAttempt),
    updateAttempt: (attempt, patch) => withTransaction((tx) => update(tx, attempt, patch)),
    counts: () => countStates(reader),
  }
}

const keyIs = (orderId: string, shard: number, attempt: number) =>
  and(eq(attempts.orderId, orderId), eq(attempts.shard, shard), eq(attempts.attempt, attempt))

function update(tx: Transaction, attempt: AttemptRow, patch: AttemptPatch): AttemptRow {
  const rev = attempt.rev + 1
  const where = and(eq(attempts.lease, attempt.lease), eq(attempts.rev, attempt.rev))
  if (
    tx
      .update(attempts)
      .set({ ...columnsOf(patch), rev })
      .where(where)
      .run().changes !== 1
  ) {
    throw new MarketError('state-conflict', 'the attempt has changed meanwhile', {
      blame: 'provider',
      details: { lease: attempt.lease, rev: attempt.rev },
    })
  }
  return { ...attempt, ...patch, rev }
}

function countStates(reader: Reader): ReadonlyMap<AttemptState, number> {
  const rows = reader.select({ state: attempts.state, count: count() }).from(attempts).groupBy(attempts.state).all()
  return new Map(rows.map((row) => [toState(row.state), row.count]))
}

const columnsOf = (patch: AttemptPatch) => ({
  atMs: patch.atMs,
  ...(patch.state && { state: patch.state }),
  ...(patch.opening && { opening: write(patch.opening) }),
  ...(patch.commit && { commit: write(patch.commit), commitment: patch.commit.commitment }),
  ...(patch.sealed && { sealed: write(patch.sealed) }),
  ...(patch.failure && { failure: write(patch.failure) }),
  ...(patch.openedAtMs !== undefined && { openedAtMs: patch.openedAtMs }),
  ...(patch.heldAtMs !== undefined && { heldAtMs: patch.heldAtMs }),
})

const one = (row: typeof attempts.$inferSelect | undefined): AttemptRow | undefined => row && toAttempt(row)

const toAttempt = (row: typeof attempts.$inferSelect): AttemptRow => ({
  lease: asHash(row.lease),
  orderId: asHash(row.orderId),
  shard: row.shard,
  attempt: row.attempt,
  aggregatorKey: asPublicKey(row.aggregatorKey),
  offer: read(Envelope, row.offer),
  acceptance: asSignature(row.acceptance),
  commitByMs: unixMs(row.commitByMs),
  state: toState(row.state),
  rev: row.rev,
  opening: readOptional(Opening, row.opening),
  commit: readOptional(SignedCommit, row.commit),
  sealed: readOptional(SealedRef, row.sealed),
  failure: readOptional(ErrorBody, row.failure),
  openedAtMs: row.openedAtMs === null ? undefined : unixMs(row.openedAtMs),
  heldAtMs: row.heldAtMs === null ? undefined : unixMs(row.heldAtMs),
  atMs: unixMs(row.atMs),
})

function toState(text: string): AttemptState {
  const state = attemptStates.find((name) => name === text)
  if (state === undefined) throw new MarketError('internal', `no such attempt state: ${text}`)
  return state
}
