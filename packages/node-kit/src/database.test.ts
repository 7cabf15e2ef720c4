import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
import { openDatabase } from './database.ts'

const table = sqliteTable('t', { x: integer().primaryKey() })
const migrations = ['CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT; CREATE TABLE u (x INTEGER REFERENCES t (x)) STRICT']

describe('openDatabase', () => {
  it('rolls back what a failed transaction wrote, and stays usable', async () => {
    await using db = openDatabase(':memory:', { migrations })
    const reason = new Error('change of mind')
    assert.throws(
      () =>
        db.withTransaction((tx) => {
          tx.insert(table).values({ x: 1 }).run()
          throw reason
        }),
      reason,
    )
    assert.deepEqual(db.reader.select().from(table).all(), [])
    assert.equal(
      db.withTransaction((tx) => tx.insert(table).values({ x: 2 }).run().changes),
      1,
    )
  })

  it('has no way to hold a transaction across an await, or to nest one', async () => {
    await using db = openDatabase(':memory:', { migrations })
    // @ts-expect-error: a promise is refused by the types already.
    assert.throws(() => db.withTransaction(async (tx) => tx.insert(table).values({ x: 1 }).run()))
    assert.throws(() => db.withTransaction(() => db.withTransaction(() => 1)), { code: 'internal' })
    assert.deepEqual(db.reader.select().from(table).all(), [])
  })

  it('enforces foreign keys', async () => {
    await using db = openDatabase(':memory:', { migrations })
    assert.throws(
      () => db.withTransaction((tx) => tx.run('INSERT INTO u VALUES (7)')),
      (error: Error) => {
        assert.equal((error.cause as { code: string }).code, 'SQLITE_CONSTRAINT_FOREIGNKEY')
        return true
      },
    )
  })

  it('tells a full disk from other faults', async () => {
    await using db = openDatabase(':memory:', { migrations })
    db.reader.run('PRAGMA max_page_count = 10')
    const fill = (): unknown =>
      db.withTransaction((tx) => {
        for (let x = 0; x < 10_000; x += 1) tx.insert(table).values({ x }).run()
      })
    assert.throws(fill, { code: 'storage-full' })
    assert.deepEqual(db.reader.select().from(table).all(), [])
  })

  it('tells listeners of commits, and only of commits, until they leave', async () => {
    await using db = openDatabase(':memory:', { migrations })
    let commits = 0
    const listening = db.onCommit(() => (commits += 1))
    db.withTransaction((tx) => tx.insert(table).values({ x: 1 }).run())
    assert.throws(() => db.withTransaction((tx) => tx.insert(table).values({ x: 1 }).run()))
    assert.equal(commits, 1)
    listening[Symbol.dispose]()
    db.withTransaction(() => undefined)
    assert.equal(commits, 1)
  })
})
