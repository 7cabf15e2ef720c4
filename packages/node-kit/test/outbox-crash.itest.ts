import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { openDatabase, outboxMigration } from '../src/index.ts'

const entities = 20

/** Runs the worker until it hangs, where it is killed, or until it ends. Returns where it hung. */
async function runWorker(folder: string): Promise<string | undefined> {
  const fixture = join(import.meta.dirname, 'fixtures', 'outbox-worker.ts')
  const child = spawn(process.execPath, [fixture, join(folder, 'db.sqlite'), join(folder, 'world'), String(entities)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let hung: string | undefined
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    hung ??= line
    child.kill('SIGKILL')
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (hung === undefined) assert.equal(code, 0, 'the worker failed by itself')
  return hung
}

it('loses no effect and doubles none outside when it is killed in the middle of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-outbox-'))
  try {
    const kills: string[] = []
    for (let hung = await runWorker(folder); hung !== undefined; hung = await runWorker(folder)) kills.push(hung)
    const world = join(folder, 'world')
    const read = (name: string): string[] =>
      existsSync(join(world, name)) ? readFileSync(join(world, name), 'utf8').trim().split('\n') : []
    const keys = Array.from({ length: entities }, (_, i) => `release-${i + 1}`)

    assert.deepEqual(kills.toSorted(), ['after release-13', 'after release-3', 'before release-17', 'before release-7'])
    assert.deepEqual(readdirSync(join(world, 'effects')).sort(), keys.toSorted(), 'the world has every effect')
    const attempts = read('attempts')
    assert.ok(attempts.length - new Set(attempts).size >= kills.length, 'each kill repeats what hung')
    for (const where of kills.filter((one) => one.startsWith('after'))) {
      assert.ok(read('refused').includes(where.slice('after '.length)), 'the world refused what it had done')
    }

    await using db = openDatabase(join(folder, 'db.sqlite'), {
      migrations: [outboxMigration, 'CREATE TABLE entity (id INTEGER PRIMARY KEY) STRICT'],
    })
    const rows = db.reader.all<{ key: string; state: string }>('SELECT key, state FROM outbox ORDER BY id')
    assert.deepEqual(
      rows,
      keys.map((key) => ({ key, state: 'done' })),
    )
    const kept = db.reader.all<{ id: number }>('SELECT id FROM entity').map(({ id }) => id)
    for (const id of read('accepted')) assert.ok(kept.includes(Number(id)), 'an acknowledged entity was lost')
    assert.deepEqual(db.reader.get('PRAGMA integrity_check'), { integrity_check: 'ok' })
  } finally {
    await rm(folder, { recursive: true })
  }
})
