import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { openDatabase, outboxMigration } from '../src/index.ts'

const migrations = [outboxMigration]

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'assay-database-'))
  return {
    path,
    file: join(path, 'data', 'market.sqlite'),
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true }),
  }
}

describe('openDatabase on a file', () => {
  it('keeps what was committed, with files that only the owner reads', async () => {
    await using folder = await openFolder()
    for (let opening = 0; opening < 2; opening += 1) {
      await using db = openDatabase(folder.file, { migrations })
      assert.equal(db.reader.all('SELECT * FROM outbox').length, opening)
      db.withTransaction((tx) =>
        tx.run(`INSERT INTO outbox (key, kind, payload, due_at) VALUES ('${opening}', 'k', '{}', 0)`),
      )
      for (const suffix of ['', '-wal', '-shm', '.lock']) {
        assert.equal((await stat(folder.file + suffix)).mode & 0o777, 0o600, suffix)
      }
    }
    assert.equal((await stat(join(folder.path, 'data'))).mode & 0o777, 0o700)
  })

  it('is as durable as it says', async () => {
    await using folder = await openFolder()
    await using db = openDatabase(folder.file, { migrations })
    const pragma = (name: string): unknown => Object.values(db.reader.get<object>(`PRAGMA ${name}`))[0]
    assert.equal(pragma('journal_mode'), 'wal')
    assert.equal(pragma('synchronous'), 2)
    assert.equal(pragma('foreign_keys'), 1)
    assert.ok(Number(pragma('busy_timeout')) > 0)
  })

  it('refuses a second holder in this process, by whatever path, until the first is closed', async () => {
    await using folder = await openFolder()
    const first = openDatabase(folder.file, { migrations })
    await symlink(folder.file, join(folder.path, 'alias.sqlite'))
    for (const path of [folder.file, join(folder.path, 'alias.sqlite'), folder.file]) {
      assert.throws(() => openDatabase(path, { migrations }), { code: 'config-invalid', message: /another process/ })
    }
    assert.equal(first.reader.all('SELECT * FROM outbox').length, 0)
    await using child = await openHolder(folder.file)
    assert.equal(child.said, 'config-invalid')
    await first[Symbol.asyncDispose]()
    await using _second = openDatabase(folder.file, { migrations })
  })

  it('refuses a second process, and is free the moment the first one is killed', async () => {
    await using folder = await openFolder()
    await using holder = await openHolder(folder.file)
    assert.equal(holder.said, 'open')
    assert.throws(() => openDatabase(folder.file, { migrations }), {
      code: 'config-invalid',
      message: /another process/,
    })
    holder.process.kill('SIGKILL')
    await once(holder.process, 'exit')
    await using _db = openDatabase(folder.file, { migrations })
  })

  it('refuses what is not its database', async () => {
    await using folder = await openFolder()
    const path = join(folder.path, 'x.sqlite')
    await writeFile(path, 'not a database at all, but long enough to have a header'.repeat(100))
    assert.throws(() => openDatabase(path, { migrations }), { code: 'config-invalid', message: /not a database/ })
    await using _newer = openDatabase(folder.file, { migrations: [...migrations, 'CREATE TABLE later (x INTEGER)'] })
    await _newer[Symbol.asyncDispose]()
    assert.throws(() => openDatabase(folder.file, { migrations }), { code: 'config-invalid', message: /newer/ })
    await using _again = openDatabase(folder.file, { migrations: [...migrations, 'CREATE TABLE later (x INTEGER)'] })
  })
})

/** A process that opens the database, says how that went, and holds it until it is killed. */
async function openHolder(path: string): Promise<AsyncDisposable & { process: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'hold-database.ts'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    process: child,
    said,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
