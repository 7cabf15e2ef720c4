import { isConviction, nextPasses } from '@assay/core'
import type { Database, Transaction } from '@assay/node-kit'
import { asHash, deriveVerdictId, unixMs, Verdict } from '@assay/protocol'
import { and, eq } from 'drizzle-orm'
import { Commitments, read, write } from './codec-schema.ts'
import type { JudgedRow, SettlementRow, ValidatorStore, VerdictRow } from './records.ts'
import { convictions, counted, passes, settlements, validatorVerdicts, verdicts } from './schema.ts'

type SignaturesStore = Pick<
  ValidatorStore,
  | 'settlement'
  | 'verdictOn'
  | 'verdictsOf'
  | 'addSettlements'
  | 'addVerdict'
  | 'convictionsOf'
  | 'validatorVerdict'
  | 'addValidatorVerdict'
  | 'passes'
>

/** What was signed about money, and the standing of providers that follows from it. */
export const createSignaturesStore = ({ reader, withTransaction }: Database): SignaturesStore => ({
  settlement(orderId) {
    const row = reader.select().from(settlements).where(eq(settlements.orderId, orderId)).get()
    return row && toSettlement(row)
  },
  verdictOn(commitment) {
    const row = reader.select().from(verdicts).where(eq(verdicts.commitment, commitment)).get()
    return row && toVerdict(row)
  },
  verdictsOf: (orderId) => reader.select().from(verdicts).where(eq(verdicts.orderId, orderId)).all().map(toVerdict),
  addSettlements: (rows, judged) =>
    withTransaction((tx) => {
      for (const row of rows)
        tx.insert(settlements)
          .values({ ...row, accepted: write(row.accepted) })
          .onConflictDoNothing()
          .run()
      for (const one of judged) countOnce(tx, one)
    }),
  addVerdict: (row, judged) =>
    withTransaction((tx) => {
      tx.insert(verdicts)
        .values({ ...row, verdict: write(row.verdict) })
        .onConflictDoNothing()
        .run()
      const { verdict, atMs } = row
      const conviction = { verdictId: deriveVerdictId(verdict), provider: verdict.accused, atMs }
      tx.insert(convictions).values(conviction).onConflictDoNothing().run()
      countOnce(tx, judged)
    }),
  convictionsOf: (provider) =>
    reader
      .select()
      .from(convictions)
      .where(eq(convictions.provider, provider))
      .all()
      .map(({ verdictId, atMs }) => ({ verdictId: asHash(verdictId), atMs: unixMs(atMs) })),
  validatorVerdict(commitment, accused) {
    const where = and(eq(validatorVerdicts.commitment, commitment), eq(validatorVerdicts.accused, accused))
    const row = reader.select().from(validatorVerdicts).where(where).get()
    return row && { ...toVerdict(row), accused }
  },
  addValidatorVerdict: (row) =>
    withTransaction((tx) => {
      tx.insert(validatorVerdicts)
        .values({ ...row, verdict: write(row.verdict) })
        .onConflictDoNothing()
        .run()
    }),
  passes(provider, determinism) {
    const where = and(eq(passes.provider, provider), eq(passes.determinism, determinism))
    return reader.select().from(passes).where(where).get()?.passes ?? 0
  },
})

/** A commitment counts once, however often its audit is shown. A conviction ends the run in every class. */
function countOnce(tx: Transaction, { commitment, orderId, provider, determinism, verdict }: JudgedRow): void {
  // First, for a commit that was counted as passed can be convicted later, when its client challenges it.
  if (isConviction(verdict)) tx.update(passes).set({ passes: 0 }).where(eq(passes.provider, provider)).run()
  if (tx.insert(counted).values({ commitment, orderId }).onConflictDoNothing().run().changes === 0) return
  const where = and(eq(passes.provider, provider), eq(passes.determinism, determinism))
  const next = nextPasses(tx.select().from(passes).where(where).get()?.passes ?? 0, verdict)
  const target = [passes.provider, passes.determinism]
  tx.insert(passes)
    .values({ provider, determinism, passes: next })
    .onConflictDoUpdate({ target, set: { passes: next } })
    .run()
}

const toSettlement = (row: typeof settlements.$inferSelect): SettlementRow => ({
  orderId: asHash(row.orderId),
  content: asHash(row.content),
  batch: asHash(row.batch),
  accepted: read(Commitments, row.accepted),
  atMs: unixMs(row.atMs),
})

const toVerdict = (row: typeof verdicts.$inferSelect | typeof validatorVerdicts.$inferSelect): VerdictRow => ({
  commitment: asHash(row.commitment),
  orderId: asHash(row.orderId),
  content: asHash(row.content),
  verdict: read(Verdict, row.verdict),
  atMs: unixMs(row.atMs),
})
