import {
  asAddress,
  asHash,
  signatureSchema,
  Verdict,
  type Address,
  type OrderId,
  type Signature,
} from '@assay/protocol'
import { desc, eq, notInArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { VerdictRow, VerdictState } from './records.ts'
import { verdicts } from './schema.ts'

/** Verdicts that slash, on their way to the chain. */
export interface VerdictsStore {
  /** Adds a verdict unless its attempt has one; returns whether it did. */
  addVerdict(verdict: VerdictRow, atMs: number): boolean
  verdictsOf(orderId: OrderId): readonly VerdictRow[]
  /** Those that are to slash and have not, what is under way first. */
  openVerdicts(): readonly VerdictRow[]
  isConvicted(accused: Address): boolean
  updateVerdict(key: string, patch: { state: VerdictState; signatures?: readonly Signature[] }): void
}

export function createVerdictsStore(db: StoreDatabase): VerdictsStore {
  const open = db
    .select()
    .from(verdicts)
    .where(notInArray(verdicts.state, ['slashed', 'unarmed']))
    .orderBy(desc(verdicts.state), verdicts.atMs)
    .prepare()
  const convicted = db
    .select({ key: verdicts.key })
    .from(verdicts)
    .where(eq(verdicts.accused, sql.placeholder('accused')))
    .prepare()
  return {
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
    openVerdicts: () => open.all().map(toVerdict),
    isConvicted: (accused) => convicted.get({ accused }) !== undefined,
    updateVerdict(key, patch) {
      const set = { state: patch.state, ...(patch.signatures && { signatures: write(patch.signatures) }) }
      db.update(verdicts).set(set).where(eq(verdicts.key, key)).run()
    },
  }
}

const verdictStates: readonly VerdictState[] = ['collecting', 'submitted', 'appealable', 'slashed', 'unarmed']

const toVerdict = (row: typeof verdicts.$inferSelect): VerdictRow => ({
  key: row.key,
  orderId: asHash(row.orderId),
  accused: asAddress(row.accused),
  commitment: asHash(row.commitment),
  state: verdictStates.find((state) => state === row.state) ?? 'collecting',
  verdict: read(Verdict, row.verdict),
  signatures: read(z.array(signatureSchema), row.signatures),
})
