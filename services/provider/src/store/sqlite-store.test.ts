import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDatabase } from '@assay/node-kit'
import {
  createEnvelope,
  deriveLeaseDigest,
  isMarketError,
  unixMs,
  type Commitment,
  type Hash32,
  type SignedCommit,
} from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { sql } from 'drizzle-orm'
import { migrations } from './migrations.ts'
import type { NewAttempt } from './records.ts'
import * as schema from './schema.ts'
import { createSqliteStore } from './sqlite-store.ts'

const cast = createEvidenceCast()
const [provider] = cast.providers

async function createAttempt(label: string, fields: Partial<NewAttempt> = {}): Promise<NewAttempt> {
  const offer = await createEnvelope('lease/1', { label }, cast.aggregator)
  return {
    lease: deriveLeaseDigest(offer),
    order: { orderId: cast.orderId, terms: cast.terms, spec: cast.spec },
    shard: 0,
    attempt: 1,
    aggregatorKey: cast.aggregator.publicKey,
    offer,
    acceptance: provider!.signNow(named('acceptance')),
    commitByMs: unixMs(2_000),
    atMs: unixMs(1_000),
    ...fields,
  }
}

const commitOf = (commitment: Commitment): SignedCommit => ({
  orderId: cast.orderId,
  shard: 0,
  attempt: 1,
  provider: provider!.address,
  commitment,
  sealedHash: named<Hash32>('sealed'),
  signature: provider!.signNow(named('commit')),
})

describe('provider store', () => {
  it('has the columns that the migrations make, and no others', async () => {
    await using database = openDatabase(':memory:', { migrations })
    for (const table of Object.values(schema) as SQLiteTable[]) {
      const { name, columns } = getTableConfig(table)
      const made = database.reader.all<{ name: string; notnull: number; pk: number }>(
        sql.raw(`PRAGMA table_info(${name})`),
      )
      const shape = (rows: readonly { name: string; required: boolean }[]) =>
        rows.map((row) => `${row.name}${row.required ? '!' : ''}`).toSorted((a, b) => a.localeCompare(b))
      assert.deepEqual(
        shape(columns.map((column) => ({ name: column.name, required: column.notNull || column.primary }))),
        shape(made.map((column) => ({ name: column.name, required: column.notnull === 1 || column.pk > 0 }))),
        name,
      )
    }
  })

  it('keeps an attempt once, by its lease and by its number', async () => {
    await using database = openDatabase(':memory:', { migrations })
    const store = createSqliteStore(database)
    const attempt = await createAttempt('one')
    assert.equal(store.addAttempt(attempt), true)
    assert.equal(store.addAttempt(attempt), false)
    assert.equal(store.addAttempt(await createAttempt('two')), false, 'another lease of the same attempt')
    assert.equal(store.addAttempt(await createAttempt('three', { attempt: 2 })), true)
    const row = store.attempt(attempt.lease)
    assert.equal(row?.state, 'leased')
    assert.deepEqual(row?.offer, attempt.offer)
    assert.deepEqual(store.order(cast.orderId), { orderId: cast.orderId, terms: cast.terms, spec: cast.spec })
    assert.deepEqual(Object.fromEntries(store.counts()), { leased: 2 })
  })

  it('moves an attempt only from the state that was read', async () => {
    await using database = openDatabase(':memory:', { migrations })
    const store = createSqliteStore(database)
    const attempt = await createAttempt('one')
    store.addAttempt(attempt)
    const row = store.attempt(attempt.lease)!
    const moved = store.updateAttempt(row, { state: 'preparing', atMs: unixMs(1_001) })
    assert.equal(moved.rev, 1)
    assert.throws(
      () => store.updateAttempt(row, { state: 'executing', atMs: unixMs(1_002) }),
      (error: unknown) => isMarketError(error) && error.code === 'state-conflict',
    )
    assert.deepEqual(store.attempt(attempt.lease), moved)
  })

  it('finds a commit and gives back exactly what was written', async () => {
    await using database = openDatabase(':memory:', { migrations })
    const store = createSqliteStore(database)
    const attempt = await createAttempt('one')
    store.addAttempt(attempt)
    const commit = commitOf(named('commitment'))
    const opening = { resultRoot: named<never>('root'), salt: named<never>('salt') }
    const sealed = { root: named<never>('sealed'), size: 5 as never }
    const failure = { code: 'cancelled', message: 'no', blame: 'client', details: { n: 1, s: 'x' } } as const
    const patch = {
      state: 'delivering',
      commit,
      opening,
      sealed,
      failure,
      openedAtMs: unixMs(5),
      atMs: unixMs(9),
    } as const
    const moved = store.updateAttempt(store.attempt(attempt.lease)!, patch)
    assert.deepEqual(store.byCommitment(commit.commitment), moved)
    assert.deepEqual(store.inStates(['delivering']), [moved])
    assert.deepEqual(store.attemptOf(commit), moved)
  })

  it('forgets orders by the time they become refundable, attempts included', async () => {
    await using database = openDatabase(':memory:', { migrations })
    const store = createSqliteStore(database)
    const attempt = await createAttempt('one')
    store.addAttempt(attempt)
    const refundAtMs = cast.terms.refundAt * 1000
    assert.deepEqual(store.forgetBefore(unixMs(refundAtMs)), [])
    assert.deepEqual(store.forgetBefore(unixMs(refundAtMs + 1)), [attempt.lease])
    assert.equal(store.order(cast.orderId), undefined)
    assert.equal(store.attempt(attempt.lease), undefined)
  })

  it('never gives a number of a series twice', async () => {
    await using database = openDatabase(':memory:', { migrations })
    const store = createSqliteStore(database)
    assert.deepEqual([store.next('a'), store.next('a'), store.next('b'), store.next('a')], [1, 2, 1, 3])
  })
})
