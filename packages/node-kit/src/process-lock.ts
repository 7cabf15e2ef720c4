import { closeSync, openSync } from 'node:fs'
import { MarketError } from '@assay/protocol'
import Sqlite from 'better-sqlite3'

/**
 * Claims `path` for this process until closed. The operating system holds the lock (SQLite's own, on a file beside the
 * data), so it ends with the process however that dies: no stale lock, no process id to compare.
 * Throws `config-invalid` when another holder lives, in this process or another.
 */
export function openProcessLock(path: string): Disposable {
  createPrivateFile(path)
  const file = new Sqlite(path, { timeout: 0 })
  try {
    file.pragma('locking_mode = EXCLUSIVE')
    file.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    file.close()
    if (!(cause instanceof Sqlite.SqliteError) || !cause.code.startsWith('SQLITE_BUSY')) throw cause
    const problem = 'another process uses this data folder'
    throw new MarketError('config-invalid', `${problem}: ${path} is locked`, {
      details: { field: 'dataDir', source: path, problem },
      cause,
    })
  }
  return { [Symbol.dispose]: () => void file.close() }
}

/**
 * Makes an empty file that only its owner may read, unless there is one. An existing file is not even opened: closing
 * any descriptor of a file ends all of this process's POSIX locks on it.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
