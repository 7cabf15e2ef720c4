import { asAddress, asHash, Audit, ShardVerdict, type Address, type Commitment, type OrderId } from '@assay/protocol'
import { and, eq, or } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { AuditRow, AuditState } from './records.ts'
import { audits, jobs } from './schema.ts'

/** Audits of commits. */
export interface AuditsStore {
  /** Starts an audit unless the commitment has one; returns whether it did. */
  addAudit(audit: AuditRow, atMs: number): boolean
  audit(commitment: Commitment): AuditRow | undefined
  auditsOf(orderId: OrderId): readonly AuditRow[]
  /** Audits of running jobs, and late ones of any, that are not judged. */
  runningAudits(): readonly Commitment[]
  /** Takes back an audit that only a challenge had made due. */
  dropAudit(commitment: Commitment): void
  updateAudit(
    commitment: Commitment,
    patch: { audit?: Audit; state?: AuditState; unopened?: boolean; verdict?: ShardVerdict; late?: boolean },
  ): void
  /** Judged audits of a provider, oldest first: what its audited passes are counted from. */
  judgedOf(provider: Address): readonly { readonly verdict: ShardVerdict }[]
}

export function createAuditsStore(db: StoreDatabase): AuditsStore {
  const running = db
    .select({ commitment: audits.commitment })
    .from(audits)
    .innerJoin(jobs, eq(jobs.orderId, audits.orderId))
    .where(and(eq(audits.state, 'running'), or(eq(jobs.state, 'running'), eq(audits.late, true))))
    .prepare()
  return {
    addAudit(row, atMs) {
      const { commitment, orderId, shard, attempt, provider, epoch, state, audit, unopened, late } = row
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
        late,
        atMs,
      }
      return db.insert(audits).values(values).onConflictDoNothing().run().changes === 1
    },
    audit(commitment) {
      const row = db.select().from(audits).where(eq(audits.commitment, commitment)).get()
      return row && toAudit(row)
    },
    auditsOf: (orderId) => db.select().from(audits).where(eq(audits.orderId, orderId)).all().map(toAudit),
    runningAudits: () => running.all().map((row) => asHash(row.commitment)),
    dropAudit: (commitment) => void db.delete(audits).where(eq(audits.commitment, commitment)).run(),
    updateAudit(commitment, patch) {
      const set = {
        ...(patch.audit && { audit: write(patch.audit) }),
        ...(patch.state && { state: patch.state }),
        ...(patch.unopened !== undefined && { unopened: patch.unopened }),
        ...(patch.verdict && { verdict: patch.verdict }),
        ...(patch.late !== undefined && { late: patch.late }),
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
  late: row.late,
  verdict: row.verdict === null ? undefined : ShardVerdict.parse(row.verdict),
})
