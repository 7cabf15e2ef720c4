import {
  asAddress,
  usdc,
  type Address,
  type Commitment,
  type Hash32,
  type OrderId,
  type UsdcBase,
} from '@assay/protocol'
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import { newColumns, patchColumns, toAttempt, toProgress } from './attempt-row.ts'
import { conflict } from './conflict.ts'
import type { StoreDatabase } from './open-store.ts'
import type { AttemptKey, AttemptPatch, AttemptProgress, AttemptRow, RunTime } from './records.ts'
import { attempts, jobs } from './schema.ts'

/** What a provider runs, and what it is owed. */
export interface ProviderLoad {
  readonly busy: number
  readonly unsettledUsdc: UsdcBase
}

/** Attempts are records: added and advanced, never overwritten by another try. */
export interface AttemptsStore {
  /** Adds an attempt unless its number is taken; returns whether it did. */
  addAttempt(attempt: Omit<AttemptRow, 'rev'>): boolean
  attempt(key: AttemptKey): AttemptRow | undefined
  attemptsOf(orderId: OrderId): readonly AttemptRow[]
  /** What planning needs of a job's attempts, without their documents: a planning round reads thousands of them. */
  progressOf(orderId: OrderId): readonly AttemptProgress[]
  byCommitment(commitment: Commitment): AttemptRow | undefined
  byLease(lease: Hash32): AttemptRow | undefined
  /** How long the committed runs of a job took, and whose they were. */
  runTimesOf(orderId: OrderId): readonly RunTime[]
  /** Commits of running jobs that wait for an epoch. */
  unbatched(): readonly AttemptRow[]
  /** What each provider runs and what it is owed in jobs that are not settled. */
  load(): ReadonlyMap<Address, ProviderLoad>
  /** Commits of one provider in jobs that are not settled. */
  unsettledOf(provider: Address): readonly AttemptRow[]
  /** Throws `state-conflict` when `rev` is not current. */
  updateAttempt(attempt: AttemptRow, patch: AttemptPatch): AttemptRow
  /** Gives an attempt that was ended too early its commit: it waits for an epoch again, to be audited for certain. */
  reviveAttempt(
    attempt: AttemptRow,
    won: Required<Pick<AttemptPatch, 'acceptance' | 'commit' | 'sealed' | 'atMs'>>,
  ): void
  /** Puts commits that wait into an epoch, or moves them there from another one. */
  joinEpoch(commitments: readonly Commitment[], epoch: Hash32): void
  /**
   * Lets the commits of an epoch wait for another one; with `mustAudit` its failed proposal counts, and each is audited from
   * now on whatever its rate.
   */
  leaveEpoch(epoch: Hash32, mustAudit: boolean): void
}

export function createAttemptsStore(db: StoreDatabase): AttemptsStore {
  const { progress, unbatched, owed } = prepareQueries(db)
  const one = (row: typeof attempts.$inferSelect | undefined): AttemptRow | undefined => row && toAttempt(row)
  return {
    addAttempt: (attempt) => db.insert(attempts).values(newColumns(attempt)).onConflictDoNothing().run().changes === 1,
    attempt: (key) => one(db.select().from(attempts).where(keyIs(key)).get()),
    progressOf: (orderId) => progress.all({ orderId }).map(toProgress),
    attemptsOf: (orderId) => db.select().from(attempts).where(eq(attempts.orderId, orderId)).all().map(toAttempt),
    byCommitment: (commitment) => one(db.select().from(attempts).where(eq(attempts.commitment, commitment)).get()),
    byLease: (lease) => one(db.select().from(attempts).where(eq(attempts.lease, lease)).get()),
    runTimesOf: (orderId) =>
      db
        .select({ provider: attempts.provider, runMs: attempts.runMs })
        .from(attempts)
        .where(eq(attempts.orderId, orderId))
        .all()
        .flatMap(({ provider, runMs }) => (runMs === null ? [] : [{ provider: asAddress(provider), runMs }])),
    unbatched: () => unbatched.all().map((row) => toAttempt(row.attempt)),
    load: () => sumLoad(owed.all()),
    unsettledOf: (provider) =>
      db
        .select({ attempt: attempts })
        .from(attempts)
        .innerJoin(jobs, eq(jobs.orderId, attempts.orderId))
        .where(and(eq(attempts.provider, provider), eq(jobs.state, 'running')))
        .all()
        .map((row) => toAttempt(row.attempt)),
    updateAttempt(attempt, patch) {
      const set = { ...patchColumns(patch), rev: attempt.rev + 1 }
      const current = and(keyIs(attempt), eq(attempts.rev, attempt.rev))
      if (db.update(attempts).set(set).where(current).run().changes !== 1)
        throw conflict('attempt', `${attempt.orderId}/${attempt.shard}/${attempt.attempt}`)
      return { ...attempt, ...patch, rev: attempt.rev + 1 }
    },
    reviveAttempt(attempt, won) {
      const over = { code: null, blame: null, detail: null, epoch: null, mustAudit: true, rev: attempt.rev + 1 }
      const set = { ...patchColumns({ ...won, state: 'committed' }), ...over }
      const current = and(keyIs(attempt), eq(attempts.rev, attempt.rev))
      if (db.update(attempts).set(set).where(current).run().changes !== 1)
        throw conflict('attempt', `${attempt.orderId}/${attempt.shard}/${attempt.attempt}`)
    },
    joinEpoch(commitments, epoch) {
      for (const commitment of commitments)
        db.update(attempts)
          .set({ epoch })
          .where(and(eq(attempts.commitment, commitment), eq(attempts.state, 'committed')))
          .run()
    },
    leaveEpoch(epoch, mustAudit) {
      const counted = { mustAudit, failedProposals: sql`${attempts.failedProposals} + 1` }
      const set = { epoch: null, ...(mustAudit && counted) }
      db.update(attempts)
        .set(set)
        .where(and(eq(attempts.epoch, epoch), eq(attempts.state, 'committed')))
        .run()
    },
  }
}

const live = ['offered', 'leased', 'preparing', 'executing'] as const
const unsettled = [...live, 'committed', 'auditing', 'disputed', 'accepted'] as const

const keyIs = (key: AttemptKey) =>
  and(eq(attempts.orderId, key.orderId), eq(attempts.shard, key.shard), eq(attempts.attempt, key.attempt))

/** What every planning round asks. */
const prepareQueries = (db: StoreDatabase) => ({
  progress: db
    .select({
      shard: attempts.shard,
      attempt: attempts.attempt,
      provider: attempts.provider,
      state: attempts.state,
      commitByMs: attempts.commitByMs,
      verdict: attempts.verdict,
      blame: attempts.blame,
    })
    .from(attempts)
    .where(eq(attempts.orderId, sql.placeholder('orderId')))
    .prepare(),
  unbatched: db
    .select({ attempt: attempts })
    .from(attempts)
    .innerJoin(jobs, eq(jobs.orderId, attempts.orderId))
    .where(and(eq(attempts.state, 'committed'), isNull(attempts.epoch), eq(jobs.state, 'running')))
    .prepare(),
  owed: db
    .select({ provider: attempts.provider, state: attempts.state, price: attempts.priceUsdc })
    .from(attempts)
    .innerJoin(jobs, eq(jobs.orderId, attempts.orderId))
    .where(
      and(inArray(jobs.state, ['running', 'settling']), inArray(attempts.state, [...unsettled]), isNull(jobs.proof)),
    )
    .prepare(),
})

function sumLoad(
  rows: readonly { readonly provider: string; readonly state: string; readonly price: string }[],
): ReadonlyMap<Address, ProviderLoad> {
  const load = new Map<Address, ProviderLoad>()
  for (const row of rows) {
    const provider = asAddress(row.provider)
    const before = load.get(provider) ?? { busy: 0, unsettledUsdc: usdc(0n) }
    const busy = before.busy + (live.some((state) => state === row.state) ? 1 : 0)
    load.set(provider, { busy, unsettledUsdc: usdc(before.unsettledUsdc + BigInt(row.price)) })
  }
  return load
}
