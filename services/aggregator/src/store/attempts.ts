import {
  asAddress,
  asHash,
  AttemptState,
  blames,
  byteCountSchema,
  Envelope,
  errorCodes,
  hashSchema,
  ppm,
  ShardVerdict,
  SignedCommit,
  unixMs,
  usdc,
  type Address,
  type Blame,
  type BlobRoot,
  type Commitment,
  type ErrorCode,
  type Hash32,
  type OrderId,
  type PublicKey,
  type Signature,
  type UsdcBase,
} from '@assay/protocol'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { z } from 'zod'
import { conflict, read, readOptional, write } from './codec.ts'
import type { StoreDatabase } from './open-store.ts'
import type { AttemptKey, AttemptPatch, AttemptRow } from './records.ts'
import { attempts, jobs } from './schema.ts'

/** Attempts are records: added and advanced, never overwritten by another try. */
export interface AttemptsStore {
  /** Adds an attempt unless its number is taken; returns whether it did. */
  addAttempt(attempt: Omit<AttemptRow, 'rev'>): boolean
  attempt(key: AttemptKey): AttemptRow | undefined
  attemptsOf(orderId: OrderId): readonly AttemptRow[]
  byCommitment(commitment: Commitment): AttemptRow | undefined
  byLease(lease: Hash32): AttemptRow | undefined
  /** Commits of running jobs that wait for an epoch. */
  unbatched(): readonly AttemptRow[]
  /** What each provider runs and what it is owed in jobs that are not settled. */
  load(): ReadonlyMap<Address, { readonly busy: number; readonly unsettledUsdc: UsdcBase }>
  /** Commits of one provider in jobs that are not settled. */
  unsettledOf(provider: Address): readonly AttemptRow[]
  /** Throws `state-conflict` when `rev` is not current. */
  updateAttempt(attempt: AttemptRow, patch: AttemptPatch): AttemptRow
  /** Puts commits into an epoch, or takes them out with `null`. */
  assignEpoch(commitments: readonly Commitment[], epoch: Hash32 | null, mustAudit: boolean): void
}

const SealedRef = z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema })
const live = ['offered', 'leased', 'preparing', 'executing'] as const
const unsettled = [...live, 'committed', 'auditing', 'disputed', 'accepted'] as const

export function createAttemptsStore(db: StoreDatabase): AttemptsStore {
  const where = (key: AttemptKey) =>
    and(eq(attempts.orderId, key.orderId), eq(attempts.shard, key.shard), eq(attempts.attempt, key.attempt))
  const one = (row: typeof attempts.$inferSelect | undefined): AttemptRow | undefined => row && toAttempt(row)
  return {
    addAttempt(attempt) {
      const row = {
        orderId: attempt.orderId,
        shard: attempt.shard,
        attempt: attempt.attempt,
        state: attempt.state,
        rev: 0,
        provider: attempt.provider,
        publicKey: attempt.publicKey,
        priceUsdc: attempt.priceUsdc.toString(),
        lease: attempt.lease,
        offer: write(attempt.offer),
        commitByMs: attempt.commitByMs,
        mustAudit: attempt.mustAudit,
        atMs: attempt.atMs,
      }
      return db.insert(attempts).values(row).onConflictDoNothing().run().changes === 1
    },
    attempt: (key) => one(db.select().from(attempts).where(where(key)).get()),
    attemptsOf: (orderId) => db.select().from(attempts).where(eq(attempts.orderId, orderId)).all().map(toAttempt),
    byCommitment: (commitment) => one(db.select().from(attempts).where(eq(attempts.commitment, commitment)).get()),
    byLease: (lease) => one(db.select().from(attempts).where(eq(attempts.lease, lease)).get()),
    unbatched: () =>
      db
        .select()
        .from(attempts)
        .where(and(eq(attempts.state, 'committed'), isNull(attempts.epoch)))
        .all()
        .map(toAttempt),
    load() {
      const rows = db
        .select({ provider: attempts.provider, state: attempts.state, price: attempts.priceUsdc })
        .from(attempts)
        .innerJoin(jobs, eq(jobs.orderId, attempts.orderId))
        .where(
          and(
            inArray(jobs.state, ['running', 'settling']),
            inArray(attempts.state, [...unsettled]),
            isNull(jobs.proof),
          ),
        )
        .all()
      const load = new Map<Address, { busy: number; unsettledUsdc: UsdcBase }>()
      for (const row of rows) {
        const entry = load.get(asAddress(row.provider)) ?? { busy: 0, unsettledUsdc: usdc(0n) }
        const busy = entry.busy + (live.some((state) => state === row.state) ? 1 : 0)
        load.set(asAddress(row.provider), { busy, unsettledUsdc: usdc(entry.unsettledUsdc + BigInt(row.price)) })
      }
      return load
    },
    unsettledOf: (provider) =>
      db
        .select({ attempt: attempts })
        .from(attempts)
        .innerJoin(jobs, eq(jobs.orderId, attempts.orderId))
        .where(and(eq(attempts.provider, provider), eq(jobs.state, 'running')))
        .all()
        .map((row) => toAttempt(row.attempt)),
    updateAttempt(attempt, patch) {
      const set = { ...columns(patch), rev: attempt.rev + 1 }
      const done = db
        .update(attempts)
        .set(set)
        .where(and(where(attempt), eq(attempts.rev, attempt.rev)))
        .run()
      if (done.changes !== 1) throw conflict('attempt', `${attempt.orderId}/${attempt.shard}/${attempt.attempt}`)
      const { epoch, ...fields } = patch
      return { ...attempt, ...fields, ...(epoch !== undefined && { epoch: epoch ?? undefined }), rev: attempt.rev + 1 }
    },
    assignEpoch(commitments, epoch, mustAudit) {
      for (const commitment of commitments)
        db.update(attempts).set({ epoch, mustAudit }).where(eq(attempts.commitment, commitment)).run()
    },
  }
}

/** Columns of the fields that are present. */
function columns(patch: AttemptPatch) {
  return {
    ...(patch.state && { state: patch.state }),
    ...(patch.acceptance && { acceptance: patch.acceptance }),
    ...(patch.commit && { commit: write(patch.commit), commitment: patch.commit.commitment }),
    ...(patch.sealed && { sealed: write(patch.sealed) }),
    ...(patch.epoch !== undefined && { epoch: patch.epoch }),
    ...(patch.mustAudit !== undefined && { mustAudit: patch.mustAudit }),
    ...(patch.ratePpm !== undefined && { ratePpm: patch.ratePpm }),
    ...(patch.verdict && { verdict: patch.verdict }),
    ...(patch.code && { code: patch.code }),
    ...(patch.blame && { blame: patch.blame }),
    ...(patch.detail !== undefined && { detail: patch.detail.slice(0, 2000) }),
    ...(patch.atMs !== undefined && { atMs: patch.atMs }),
  }
}

function toAttempt(row: typeof attempts.$inferSelect): AttemptRow {
  return {
    orderId: asHash(row.orderId),
    shard: row.shard,
    attempt: row.attempt,
    state: AttemptState.parse(row.state),
    rev: row.rev,
    provider: asAddress(row.provider),
    publicKey: row.publicKey as PublicKey,
    priceUsdc: usdc(BigInt(row.priceUsdc)),
    lease: asHash(row.lease),
    offer: read(Envelope, row.offer),
    acceptance: (row.acceptance ?? undefined) as Signature | undefined,
    commitByMs: unixMs(row.commitByMs),
    commit: readOptional(SignedCommit, row.commit),
    sealed: readOptional(SealedRef, row.sealed),
    epoch: row.epoch === null ? undefined : asHash(row.epoch),
    mustAudit: row.mustAudit,
    ratePpm: row.ratePpm === null ? undefined : ppm(row.ratePpm),
    verdict: row.verdict === null ? undefined : ShardVerdict.parse(row.verdict),
    code: readCode(row.code),
    blame: blames.find((blame): blame is Blame => blame === row.blame),
    detail: row.detail ?? undefined,
    atMs: unixMs(row.atMs),
  }
}

const readCode = (text: string | null): ErrorCode | undefined => errorCodes.find((code) => code === text)
