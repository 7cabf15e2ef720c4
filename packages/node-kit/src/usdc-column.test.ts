import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { maxUsdc, usdc } from '@assay/protocol'
import { sqliteTable } from 'drizzle-orm/sqlite-core'
import { openDatabase } from './database.ts'
import { usdcColumn } from './usdc-column.ts'

const table = sqliteTable('t', { amount: usdcColumn().notNull() })

it('keeps every amount up to uint64 exactly', async () => {
  await using db = openDatabase(':memory:', { migrations: ['CREATE TABLE t (amount TEXT NOT NULL) STRICT'] })
  const amounts = fc.oneof(fc.bigInt(0n, maxUsdc), fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 63n, maxUsdc))
  fc.assert(
    fc.property(amounts, (base) => {
      const stored = db.withTransaction((tx) => {
        tx.delete(table).run()
        tx.insert(table)
          .values({ amount: usdc(base) })
          .run()
        return tx.select().from(table).get()
      })
      assert.equal(stored?.amount, base)
    }),
  )
})
