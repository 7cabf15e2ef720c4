import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Sqlite from 'better-sqlite3'
import { applyMigrations } from './migrations.ts'

const first = 'CREATE TABLE a (x INTEGER) STRICT; CREATE INDEX a_x ON a (x)'
const second = 'CREATE TABLE b (y TEXT) STRICT'
const tables = (connection: Sqlite.Database): unknown[] =>
  connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all()

describe('applyMigrations', () => {
  it('applies each once, in order, also when more are added later', () => {
    using connection = open()
    applyMigrations(connection.db, [first])
    connection.db.exec('INSERT INTO a VALUES (1)')
    applyMigrations(connection.db, [first, second])
    applyMigrations(connection.db, [first, second])
    assert.deepEqual(tables(connection.db), ['a', 'b', 'migrations'])
    assert.equal(connection.db.prepare('SELECT count(*) FROM a').pluck().get(), 1)
  })

  it('applies all or nothing', () => {
    using connection = open()
    assert.throws(() => applyMigrations(connection.db, [first, 'CREATE TABLE broken (']), /syntax|incomplete/)
    assert.deepEqual(tables(connection.db), [])
  })

  it('refuses a database with other migrations, or with more', () => {
    using connection = open()
    applyMigrations(connection.db, [first, second])
    assert.throws(() => applyMigrations(connection.db, [first, `${second} `]), {
      code: 'config-invalid',
      message: /another migration 2/,
    })
    assert.throws(() => applyMigrations(connection.db, [first]), { code: 'config-invalid', message: /newer/ })
    assert.deepEqual(tables(connection.db), ['a', 'b', 'migrations'])
  })
})

function open(): Disposable & { readonly db: Sqlite.Database } {
  const db = new Sqlite(':memory:')
  return { db, [Symbol.dispose]: () => void db.close() }
}
