import type { LoggedTransaction, TransactionLog } from '@assay/chain'
import { eq } from 'drizzle-orm'
import { asHex } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import { transactions } from './schema.ts'

/** Signed transactions of the hot wallet, durable before they are sent. */
export function createTransactionLog(db: StoreDatabase): TransactionLog {
  const toEntry = ({ key, nonce, raw, hash }: typeof transactions.$inferSelect): LoggedTransaction => ({
    key,
    nonce,
    raw: asHex(raw),
    hash: asHex(hash),
  })
  return {
    find(key) {
      const row = db.select().from(transactions).where(eq(transactions.key, key)).get()
      return row && toEntry(row)
    },
    save(entry) {
      const row = { ...entry, confirmed: false }
      db.insert(transactions).values(row).onConflictDoUpdate({ target: transactions.key, set: row }).run()
    },
    drop: (key) => void db.delete(transactions).where(eq(transactions.key, key)).run(),
    unconfirmed: () => db.select().from(transactions).where(eq(transactions.confirmed, false)).all().map(toEntry),
    confirm: (key) => void db.update(transactions).set({ confirmed: true }).where(eq(transactions.key, key)).run(),
  }
}
