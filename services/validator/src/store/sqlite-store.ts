import type { Database, Reader, Transaction } from '@assay/node-kit'
import { JobSpec, OrderTerms, toUnixMs } from '@assay/protocol'
import { count, eq, lt, sql } from 'drizzle-orm'
import { validatorLimits } from '../limits.ts'
import { createAuditsStore } from './audits.ts'
import { read, write } from './codec-schema.ts'
import { createClaimsStore } from './claims.ts'
import { createEpochsStore } from './epochs.ts'
import { createFaultsStore } from './faults.ts'
import { createGatesStore } from './gates.ts'
import type { OrderRow, StoreCounts, ValidatorStore } from './records.ts'
import {
  audits,
  claims,
  commits,
  convictions,
  counted,
  counters,
  orders,
  proposals,
  seenAudits,
  settlements,
  validatorVerdicts,
  verdicts,
} from './schema.ts'
import { createSignaturesStore } from './signatures.ts'

/** The validator's store over a database that was opened with this folder's migrations. */
export const createSqliteStore = (database: Database): ValidatorStore => ({
  ...createOrdersStore(database),
  ...createEpochsStore(database),
  ...createAuditsStore(database),
  ...createSignaturesStore(database),
  ...createGatesStore(database),
  ...createClaimsStore(database),
  ...createFaultsStore(database),
  counts: () => countRows(database.reader),
  forgetBefore: (instant) => database.withTransaction((tx) => forget(tx, instant)),
  next: (name) =>
    database.withTransaction((tx) => {
      const add = { target: counters.name, set: { value: sql`${counters.value} + 1` } }
      return tx.insert(counters).values({ name, value: 1 }).onConflictDoUpdate(add).returning().get().value
    }),
})

const createOrdersStore = ({ reader, withTransaction }: Database): Pick<ValidatorStore, 'addOrder' | 'order'> => ({
  addOrder: ({ orderId, terms, spec }: OrderRow) =>
    withTransaction((tx) => {
      const values = { orderId, terms: write(terms), spec: write(spec), refundAtMs: toUnixMs(terms.refundAt) }
      tx.insert(orders).values(values).onConflictDoNothing().run()
    }),
  order(orderId) {
    const row = reader.select().from(orders).where(eq(orders.orderId, orderId)).get()
    return row && { orderId, terms: read(OrderTerms, row.terms), spec: read(JobSpec, row.spec) }
  },
})

function countRows(reader: Reader): StoreCounts {
  const of = (table: typeof orders | typeof proposals | typeof audits | typeof settlements | typeof verdicts): number =>
    reader.select({ count: count() }).from(table).get()?.count ?? 0
  return {
    orders: of(orders),
    epochs: of(proposals),
    audits: of(audits),
    settlements: of(settlements),
    verdicts: of(verdicts),
  }
}

function forget(tx: Transaction, instant: number): number {
  const old = tx.delete(orders).where(lt(orders.refundAtMs, instant)).returning({ orderId: orders.orderId }).all()
  for (const { orderId } of old)
    for (const table of [commits, audits, seenAudits, settlements, verdicts, validatorVerdicts, counted])
      tx.delete(table).where(eq(table.orderId, orderId)).run()
  tx.delete(claims).where(lt(claims.refundAtMs, instant)).run()
  tx.delete(proposals).where(lt(proposals.refundAtMs, instant)).run()
  tx.delete(convictions)
    .where(lt(convictions.atMs, instant - validatorLimits.keepConvictionMs))
    .run()
  return old.length
}
