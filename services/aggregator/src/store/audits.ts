import {
  asAddress,
  asHash,
  Audit,
  ShardVerdict,
  signatureSchema,
  Verdict,
  type Address,
  type Commitment,
  type OrderId,
  type Signature,
} from '@assay/protocol'
import { and, desc, eq, ne } from 'drizzle-orm'
import { z } from 'zod'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { AuditRow, AuditState, VerdictRow, VerdictState } from './records.ts'
import { audits, verdicts } from './schema.ts'

/** Audits of commits, and the verdicts that slash. */
export interface AuditsStore {
  /** Starts an audit unless the commitment has one; returns whether it did. */
  addAudit(audit: AuditRow, atMs: number): boolean
  audit(commitment: Commitment): AuditRow | undefined
  auditsOf(orderId: OrderId): readonly AuditRow[]
  runningAudits(): readonly AuditRow[]
  updateAudit(
    commitment: Commitment,
    patch: { audit?: Audit; state?: AuditState; unopened?: boolean; verdict?: ShardVerdict },
  ): void
  /** Judged audits of a provider, oldest first: what its audited passes are counted from. */
  judgedOf(provider: Address): readonly { readonly verdict: ShardVerdict }[]
  addVerdict(verdict: VerdictRow, atMs: number): boolean
  verdictsOf(orderId: OrderId): readonly VerdictRow[]
  openVerdicts(): readonly VerdictRow[]
  isConvicted(accused: Address): boolean
  updateVerdict(key: string, patch: { state: VerdictState; signatures?: readonly Signature[] }): void
}

export function createAuditsStore(db: StoreDatabase): AuditsStore {
  return {
    addAudit(row, atMs) {
      const { commitment, orderId, shard, attempt, provider, epoch, state, audit, unopened } = row
      const values = {
        commitment,
        orderId,
        shard,
        attempt,
        provider,
        epoch,
        state,
        audit: write(audit),
        unopened,
        atMs,
      }
      return db.insert(audits).values(values).onConflictDoNothing().run().changes === 1
    },
    audit(commitment) {
      const row = db.select().from(audits).where(eq(audits.commitment, commitment)).get()
      return row && toAudit(row)
    },
    auditsOf: (orderId) => db.select().from(audits).where(eq(audits.orderId, orderId)).all().map(toAudit),
    runningAudits: () => db.select().from(audits).where(eq(audits.state, 'running')).all().map(toAudit),
    updateAudit(commitment, patch) {
      const set = {
        ...(patch.audit && { audit: write(patch.audit) }),
        ...(patch.state && { state: patch.state }),
        ...(patch.unopened !== undefined && { unopened: patch.unopened }),
        ...(patch.verdict && { verdict: patch.verdict }),
      }
      db.update(audits).set(set).where(eq(audits.commitment, commitment)).run()
    },
    judgedOf: (provider) =>
      db
        .select({ verdict: audits.verdict })
        .from(audits)
        .where(and(eq(audits.provider, provider), eq(audits.state, 'judged')))
        .orderBy(audits.atMs)
        .all()
        .map((row) => ({ verdict: ShardVerdict.parse(row.verdict) })),
    addVerdict(row, atMs) {
      const { key, orderId, accused, commitment, state, verdict, signatures } = row
      const values = {
        key,
        orderId,
        accused,
        commitment,
        state,
        verdict: write(verdict),
        signatures: write(signatures),
        atMs,
      }
      return db.insert(verdicts).values(values).onConflictDoNothing().run().changes === 1
    },
    verdictsOf: (orderId) => db.select().from(verdicts).where(eq(verdicts.orderId, orderId)).all().map(toVerdict),
    openVerdicts: () =>
      db
        .select()
        .from(verdicts)
        .where(ne(verdicts.state, 'slashed'))
        .orderBy(desc(verdicts.state), verdicts.atMs)
        .all()
        .map(toVerdict),
    isConvicted: (accused) =>
      db.select({ key: verdicts.key }).from(verdicts).where(eq(verdicts.accused, accused)).get() !== undefined,
    updateVerdict(key, patch) {
      const set = { state: patch.state, ...(patch.signatures && { signatures: write(patch.signatures) }) }
      db.update(verdicts).set(set).where(eq(verdicts.key, key)).run()
    },
  }
}

const toAudit = (row: typeof audits.$inferSelect): AuditRow => ({
  commitment: asHash(row.commitment),
  orderId: asHash(row.orderId),
  shard: row.shard,
  attempt: row.attempt,
  provider: asAddress(row.provider),
  epoch: asHash(row.epoch),
  state: row.state === 'judged' ? 'judged' : 'running',
  audit: read(Audit, row.audit),
  unopened: row.unopened,
  verdict: row.verdict === null ? undefined : ShardVerdict.parse(row.verdict),
})

const verdictStates: readonly VerdictState[] = ['collecting', 'submitted', 'appealable', 'slashed']

const toVerdict = (row: typeof verdicts.$inferSelect): VerdictRow => ({
  key: row.key,
  orderId: asHash(row.orderId),
  accused: asAddress(row.accused),
  commitment: asHash(row.commitment),
  state: verdictStates.find((state) => state === row.state) ?? 'collecting',
  verdict: read(Verdict, row.verdict),
  signatures: read(z.array(signatureSchema), row.signatures),
})
