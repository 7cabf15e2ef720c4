import { assertBug, MarketError, sha256Hex } from '@assay/protocol'
import type { Database as Connection } from 'better-sqlite3'

/** SQL of one schema change, of one or more statements. Never edited once it has shipped. */
export type Migration = string

/**
 * Brings a database to the last migration, all in one transaction, and records the hash of each. Throws `config-invalid`
 * when the database was written by a newer program, or by one with other migrations.
 */
export function applyMigrations(connection: Connection, migrations: readonly Migration[]): void {
  assertBug(!connection.inTransaction, 'migrations bring their own transaction')
  connection.transaction(() => migrate(connection, migrations)).immediate()
}

function migrate(connection: Connection, migrations: readonly Migration[]): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migrations (position INTEGER PRIMARY KEY, sha256 TEXT NOT NULL) STRICT')
  const applied = connection.prepare<[], string>('SELECT sha256 FROM migrations ORDER BY position').pluck().all()
  const wanted = migrations.map((sql) => sha256Hex(new TextEncoder().encode(sql)))
  if (applied.length > wanted.length) throw refuse(connection, 'written by a newer version of this program')
  const changed = applied.findIndex((hash, position) => hash !== wanted[position])
  if (changed !== -1) throw refuse(connection, `written with another migration ${changed + 1}`)
  const record = connection.prepare<[number, string]>('INSERT INTO migrations (position, sha256) VALUES (?, ?)')
  for (const [position, sql] of migrations.entries()) {
    if (position < applied.length) continue
    connection.exec(sql)
    record.run(position + 1, wanted[position] ?? '')
  }
}

const refuse = (connection: Connection, problem: string): MarketError =>
  new MarketError('config-invalid', `database ${connection.name}: ${problem}`, {
    details: { field: 'dataDir', source: connection.name, problem },
  })
