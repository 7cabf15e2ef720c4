import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDatabase } from './database.ts'
import { limits } from './limits.ts'
import { countPendingEffects, enqueueEffect, findEffect, outboxMigration } from './outbox.ts'

const open = () => openDatabase(':memory:', { migrations: [outboxMigration] })
const effect = { key: 'settle:7', kind: 'settle', payload: { batch: 7, orders: ['a', 'b'] } }

describe('enqueueEffect', () => {
  it('lives and dies with the transaction of the state change', async () => {
    await using db = open()
    assert.throws(() =>
      db.withTransaction((tx) => {
        enqueueEffect(tx, effect)
        throw new Error('the state change failed')
      }),
    )
    assert.equal(findEffect(db.reader, effect.key), undefined)
    assert.equal(
      db.withTransaction((tx) => enqueueEffect(tx, effect)),
      true,
    )
    assert.deepEqual(findEffect(db.reader, effect.key), {
      key: 'settle:7',
      kind: 'settle',
      state: 'pending',
      attempts: 0,
      lastError: undefined,
      doneAt: undefined,
    })
  })

  it('takes the same effect once, whatever the order of its fields', async () => {
    await using db = open()
    const again = { ...effect, payload: { orders: ['a', 'b'], batch: 7 } }
    assert.deepEqual(
      db.withTransaction((tx) => [enqueueEffect(tx, effect), enqueueEffect(tx, again)]),
      [true, false],
    )
    assert.equal(countPendingEffects(db.reader), 1)
  })

  it('is a bug to reuse a key for something else, and undoes the state change', async () => {
    await using db = open()
    db.withTransaction((tx) => enqueueEffect(tx, effect))
    for (const other of [
      { ...effect, payload: { batch: 8 } },
      { ...effect, kind: 'refund' },
    ]) {
      assert.throws(() => db.withTransaction((tx) => enqueueEffect(tx, other)), { code: 'internal' })
    }
  })

  it('bounds a payload', async () => {
    await using db = open()
    const payload = 'x'.repeat(limits.outboxPayloadChars)
    assert.throws(() => db.withTransaction((tx) => enqueueEffect(tx, { ...effect, payload })), { code: 'internal' })
  })
})
