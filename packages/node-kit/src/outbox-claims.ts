/** The rows of the outbox as leases: who may perform an effect, until when, and what came of it. */
import type { Clock } from '@assay/core'
import { and, asc, eq, inArray, isNotNull, isNull, lt, lte, notInArray, or, sql, type SQL } from 'drizzle-orm'
import type { Database, Reader, Transaction } from './database.ts'
import { limits } from './limits.ts'
import { outbox } from './outbox.ts'

/** A row under lease. */
export type Claim = typeof outbox.$inferSelect

export interface ClaimsOptions {
  readonly owner: string
  readonly kinds: readonly string[]
  readonly leaseMs: number
}

/** Each call is one transaction. Those that take a claim return false when it is no longer the present one. */
export interface Claims {
  /** Takes the oldest due rows that nobody holds, leaving out `running` ones even if their lease seems over. */
  claim(most: number, running: readonly number[]): readonly Claim[]
  renew(claim: Claim): boolean
  finish(claim: Claim): boolean
  /** Waits until `dueAt` for the next attempt, or for a person when that is `undefined`. */
  fail(claim: Claim, dueAt: number | undefined, error: string): boolean
  /** Gives a row back untried. */
  release(claim: Claim): boolean
  /** Frees the rows of an earlier life of this owner. */
  releaseOwn(): number
  /** Makes stuck rows due again, with fresh attempts. */
  revive(): number
  /** Deletes rows that were done before `time`. */
  prune(time: number): number
  /** When the next row that is not in `running` becomes due, or `undefined`. */
  nextDue(running: readonly number[]): number | undefined
}

/** Claims of one owner on the effects of its kinds. */
export function openClaims(deps: { readonly db: Database; readonly clock: Clock }, options: ClaimsOptions): Claims {
  const { db, clock } = deps
  const mine = inArray(outbox.kind, [...options.kinds])

  const update = (claim: Claim, values: Partial<typeof outbox.$inferInsert>): boolean =>
    db.withTransaction((tx) => {
      const present = and(eq(outbox.id, claim.id), eq(outbox.owner, options.owner), eq(outbox.claims, claim.claims))
      return tx.update(outbox).set(values).where(present).run().changes === 1
    })

  return {
    claim: (most, running) =>
      db.withTransaction((tx) => {
        const { owner, leaseMs } = options
        return claimOldest(tx, { mine, running, most, now: clock.now(), owner, leaseMs })
      }),
    renew: (claim) => update(claim, { leaseUntil: clock.now() + options.leaseMs }),
    finish: (claim) => update(claim, { ...free, state: 'done', doneAt: clock.now(), lastError: null }),
    fail: (claim, dueAt, error) =>
      update(claim, {
        ...free,
        lastError: error.slice(0, limits.outboxErrorChars),
        ...(dueAt === undefined ? { state: 'stuck' as const } : { dueAt }),
      }),
    release: (claim) => update(claim, { ...free, attempts: claim.attempts - 1 }),
    releaseOwn: () =>
      db.withTransaction((tx) => {
        const left = and(pending, eq(outbox.owner, options.owner))
        return tx.update(outbox).set(free).where(left).run().changes
      }),
    revive: () =>
      db.withTransaction((tx) => {
        const stuck = and(eq(outbox.state, 'stuck'), mine)
        return tx.update(outbox).set({ state: 'pending', attempts: 0, dueAt: clock.now() }).where(stuck).run().changes
      }),
    prune: (time) =>
      db.withTransaction((tx) => {
        const old = and(sql`${outbox.state} = 'done'`, lt(outbox.doneAt, time))
        return tx.delete(outbox).where(old).run().changes
      }),
    nextDue: (running) => findNextDue(db.reader, mine, running),
  }
}

const free = { owner: null, leaseUntil: null }
/** Literal, not bound: SQLite uses a partial index only for a condition that it can read. */
const pending = sql`${outbox.state} = 'pending'`

interface ClaimQuery {
  readonly mine: SQL
  readonly running: readonly number[]
  readonly most: number
  readonly now: number
  readonly owner: string
  readonly leaseMs: number
}

function claimOldest(tx: Transaction, query: ClaimQuery): readonly Claim[] {
  const { mine, running, now } = query
  const unheld = or(isNull(outbox.leaseUntil), lte(outbox.leaseUntil, now))
  const oldest = tx
    .select({ id: outbox.id })
    .from(outbox)
    .where(and(pending, mine, lte(outbox.dueAt, now), notInArray(outbox.id, [...running]), unheld))
    .orderBy(asc(outbox.dueAt), asc(outbox.id))
    .limit(query.most)
  const taken = tx
    .update(outbox)
    .set({
      owner: query.owner,
      leaseUntil: now + query.leaseMs,
      attempts: sql`${outbox.attempts} + 1`,
      claims: sql`${outbox.claims} + 1`,
    })
    .where(inArray(outbox.id, oldest))
    .returning()
    .all()
  return taken.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
}

/** Two looks into two small indexes, so that a long backlog costs nothing. */
function findNextDue(reader: Reader, mine: SQL, running: readonly number[]): number | undefined {
  const unheld = reader
    .select({ at: outbox.dueAt })
    .from(outbox)
    .where(and(pending, mine, isNull(outbox.leaseUntil)))
    .orderBy(asc(outbox.dueAt), asc(outbox.id))
    .limit(1)
    .get()
  const lapsing = reader
    .select({ at: outbox.leaseUntil })
    .from(outbox)
    .where(and(isNotNull(outbox.leaseUntil), mine, notInArray(outbox.id, [...running])))
    .orderBy(asc(outbox.leaseUntil))
    .limit(1)
    .get()
  const times = [unheld?.at, lapsing?.at].filter((at) => at !== undefined && at !== null)
  return times.length === 0 ? undefined : Math.min(...times)
}
