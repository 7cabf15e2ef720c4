/** One SQLite file, one process, one connection: a commit that returns has reached the disk. */
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { assertBug, MarketError } from '@assay/protocol'
import Sqlite from 'better-sqlite3'
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { limits } from './limits.ts'
import { applyMigrations, type Migration } from './migrations.ts'
import { createPrivateFile, openProcessLock } from './process-lock.ts'

/** Drizzle outside a transaction: for reads. */
export type Reader = BetterSQLite3Database
/** Drizzle inside a transaction: for reads and writes. Valid only while its callback runs. */
export type Transaction = Parameters<Parameters<Reader['transaction']>[0]>[0]

export interface Database extends AsyncDisposable {
  readonly reader: Reader
  /**
   * Runs `run` between BEGIN IMMEDIATE and COMMIT; rolls back when it throws. It is synchronous from end to end, so
   * nothing can interleave and no network call can hold the lock. Throws `storage-full`, and what `run` throws.
   */
  withTransaction<T>(run: (tx: Transaction) => Settled<T>): T
  /** Calls `listener` after each commit until disposed. It must not throw. */
  onCommit(listener: () => void): Disposable
}
/** Anything but a promise, which would outlive its transaction. */
export type Settled<T> = T extends PromiseLike<unknown> ? never : T

export interface DatabaseOptions {
  /** Oldest first; see `Migration`. */
  readonly migrations: readonly Migration[]
}

/**
 * Opens a database (file mode 0600, WAL, synchronous FULL, foreign keys on) and migrates it. `:memory:` gives one that is
 * not kept. Throws `config-invalid` when another process uses the file, when the file is no database, and for the reasons
 * of `applyMigrations`.
 */
export function openDatabase(path: string, options: DatabaseOptions): Database {
  using stack = new DisposableStack()
  if (path !== memory) stack.use(openProcessLock(`${claimFile(path)}.lock`))
  const connection = stack.adopt(new Sqlite(path, { timeout: limits.databaseBusyMs }), (opened) => void opened.close())
  try {
    configure(connection)
    applyMigrations(connection, options.migrations)
  } catch (error) {
    throw explain(error, path)
  }
  return create(connection, stack.move())
}

function create(connection: Sqlite.Database, resources: DisposableStack): Database {
  const reader = drizzle(connection)
  const listeners = new Set<() => void>()
  return {
    reader,
    withTransaction(run) {
      assertBug(!connection.inTransaction, 'a transaction inside a transaction')
      let result
      try {
        result = reader.transaction((tx) => run(tx), { behavior: 'immediate' })
      } catch (error) {
        throw explain(error, connection.name)
      }
      for (const listener of listeners) listener()
      return result
    },
    onCommit(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    async [Symbol.asyncDispose]() {
      if (connection.open) connection.pragma('optimize')
      resources.dispose()
    },
  }
}

function configure(connection: Sqlite.Database): void {
  connection.pragma('journal_mode = WAL')
  // NORMAL may lose the last commits when power fails, and these rows are money.
  connection.pragma('synchronous = FULL')
  // macOS acknowledges a plain fsync before the disk has the bytes.
  connection.pragma('fullfsync = ON')
  connection.pragma('foreign_keys = ON')
  connection.pragma('trusted_schema = OFF')
}

/** Makes the file before SQLite does, which would let others read it, and returns its one true path. */
function claimFile(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  createPrivateFile(path)
  return realpathSync(path)
}

function explain(thrown: unknown, path: string): unknown {
  const cause = sqliteErrorOf(thrown)
  if (cause?.code === 'SQLITE_FULL') {
    return new MarketError('storage-full', 'the disk is full', { details: { path }, cause })
  }
  if (cause?.code !== 'SQLITE_NOTADB' && cause?.code.startsWith('SQLITE_CORRUPT') !== true) return thrown
  const problem = 'not a database, or damaged'
  return new MarketError('config-invalid', `${path}: ${problem}`, {
    details: { field: 'dataDir', source: path, problem },
    cause,
  })
}

/** Drizzle wraps some of the driver's errors and passes others as they are. */
function sqliteErrorOf(thrown: unknown): InstanceType<typeof Sqlite.SqliteError> | undefined {
  if (thrown instanceof Sqlite.SqliteError) return thrown
  return thrown instanceof Error && thrown.cause instanceof Sqlite.SqliteError ? thrown.cause : undefined
}

const memory = ':memory:'
