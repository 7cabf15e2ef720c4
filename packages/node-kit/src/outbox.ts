/** Effects that must happen once a state change is durable: written in the same transaction, performed later. */
import { assertBug, encodeCanonical, unixMs, type Json, type UnixMs } from '@assay/protocol'
import { asc, eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Reader, Transaction } from './database.ts'
import { limits } from './limits.ts'
import type { Migration } from './migrations.ts'

/** Goes into a service's list of migrations, at any one place. */
export const outboxMigration: Migration = `
  CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT    NOT NULL UNIQUE,
    kind        TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'stuck')),
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    claims      INTEGER NOT NULL DEFAULT 0,
    owner       TEXT,
    lease_until INTEGER,
    last_error  TEXT,
    done_at     INTEGER
  ) STRICT;
  CREATE INDEX outbox_pending ON outbox (due_at, id) WHERE state = 'pending';
  CREATE INDEX outbox_leased ON outbox (lease_until) WHERE lease_until IS NOT NULL;
  CREATE INDEX outbox_done ON outbox (done_at) WHERE state = 'done';
`

/** The table of `outboxMigration`. `claims` numbers the claims of a row: the token that tells a late owner from the present one. */
export const outbox = sqliteTable('outbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  key: text().notNull(),
  kind: text().notNull(),
  payload: text().notNull(),
  state: text({ enum: ['pending', 'done', 'stuck'] })
    .notNull()
    .default('pending'),
  dueAt: integer('due_at').notNull(),
  attempts: integer().notNull().default(0),
  claims: integer().notNull().default(0),
  owner: text(),
  leaseUntil: integer('lease_until'),
  lastError: text('last_error'),
  doneAt: integer('done_at'),
})

export interface EffectRequest {
  /** Names the effect for ever, derived from the state change: `settle:<batch>`. Also the idempotency key outside. */
  readonly key: string
  /** Chooses the handler. */
  readonly kind: string
  readonly payload: Json
  /** Not before this. Default: at once. */
  readonly notBefore?: UnixMs
}

/**
 * Adds an effect to the transaction of the state change that demands it. Asking again with the same key and content
 * changes nothing and returns false; other content under a known key is a bug.
 */
export function enqueueEffect(tx: Transaction, effect: EffectRequest): boolean {
  const { key, kind } = effect
  const payload = encodeCanonical(effect.payload)
  assertBug(
    payload.length <= limits.outboxPayloadChars,
    'an outbox payload is too large; put bulk data in the blob store',
  )
  const dueAt = effect.notBefore ?? 0
  const inserted = tx.insert(outbox).values({ key, kind, payload, dueAt }).onConflictDoNothing().run()
  if (inserted.changes === 1) return true
  const known = tx.select().from(outbox).where(eq(outbox.key, key)).get()
  assertBug(known?.kind === kind && known.payload === payload, `effect ${key} was asked for with other content`)
  return false
}

/** What became of an effect. */
export interface EffectStatus {
  readonly key: string
  readonly kind: string
  readonly state: 'pending' | 'done' | 'stuck'
  readonly attempts: number
  readonly lastError: string | undefined
  readonly doneAt: UnixMs | undefined
}

/** The state of one effect, or `undefined` when it was never asked for or was done long ago. */
export function findEffect(reader: Reader | Transaction, key: string): EffectStatus | undefined {
  const row = reader.select().from(outbox).where(eq(outbox.key, key)).get()
  return row === undefined ? undefined : toStatus(row)
}

/** Effects that were given up until somebody restarts the service or retries them, oldest first. */
export function listStuckEffects(reader: Reader | Transaction): readonly EffectStatus[] {
  return reader.select().from(outbox).where(eq(outbox.state, 'stuck')).orderBy(asc(outbox.id)).all().map(toStatus)
}

/** How many effects wait or are under way. */
export function countPendingEffects(reader: Reader | Transaction): number {
  const row = reader
    .select({ count: sql<number>`count(*)` })
    .from(outbox)
    .where(eq(outbox.state, 'pending'))
    .get()
  return row?.count ?? 0
}

const toStatus = (row: typeof outbox.$inferSelect): EffectStatus => ({
  key: row.key,
  kind: row.kind,
  state: row.state,
  attempts: row.attempts,
  lastError: row.lastError ?? undefined,
  doneAt: row.doneAt === null ? undefined : unixMs(row.doneAt),
})
