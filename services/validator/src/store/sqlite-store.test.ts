import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDatabase } from '@assay/node-kit'
import {
  deriveProposalDigest,
  isMarketError,
  unixMs,
  type Commitment,
  type DeterminismClass,
  type ShardVerdict,
} from '@assay/protocol'
import { buildEpoch, createEvidenceCast, named } from '@assay/testkit'
import { sql } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { migrations } from './migrations.ts'
import type { AuditRow, JudgedRow, ProposalRow } from './records.ts'
import * as schema from './schema.ts'
import { createSqliteStore } from './sqlite-store.ts'

const cast = createEvidenceCast()
const [first, second] = cast.providers

let made = 0
const judged = (verdict: ShardVerdict, fields: Partial<JudgedRow> = {}): JudgedRow => ({
  commitment: named<Commitment>(`judged-${(made += 1)}`),
  orderId: cast.orderId,
  provider: first!.address,
  determinism: 'D1',
  verdict,
  ...fields,
})

async function openStore() {
  const database = openDatabase(':memory:', { migrations })
  const store = createSqliteStore(database)
  return { database, store, [Symbol.asyncDispose]: async () => database[Symbol.asyncDispose]() }
}

async function proposalRow(): Promise<ProposalRow> {
  const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
  const { proposal, leaves } = epoch.seeded
  return {
    digest: deriveProposalDigest(proposal),
    proposal,
    leaves,
    seenRound: 8 as never,
    acknowledged: true,
    refundAtMs: unixMs(cast.terms.refundAt * 1000),
  }
}

describe('validator store', () => {
  it('has the columns that the migrations make, and no others', async () => {
    await using stage = await openStore()
    for (const table of Object.values(schema) as SQLiteTable[]) {
      const { name, columns, primaryKeys } = getTableConfig(table)
      const keys = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)))
      const rows = stage.database.reader.all<{ name: string; notnull: number; pk: number }>(
        sql.raw(`PRAGMA table_info(${name})`),
      )
      const shape = (list: readonly { name: string; required: boolean; key: boolean }[]) =>
        list
          .map((row) => `${row.name}${row.required ? '!' : ''}${row.key ? '*' : ''}`)
          .toSorted((a, b) => a.localeCompare(b))
      assert.deepEqual(
        shape(
          columns.map((c) => ({ name: c.name, required: c.notNull || c.primary, key: c.primary || keys.has(c.name) })),
        ),
        shape(rows.map((c) => ({ name: c.name, required: c.notnull === 1 || c.pk > 0, key: c.pk > 0 }))),
        name,
      )
    }
  })

  it('keeps an acknowledged epoch with its commits', async () => {
    await using stage = await openStore()
    const { store } = stage
    const row = await proposalRow()
    store.addProposal(row)
    store.addProposal({ ...row, seenRound: 9 as never, acknowledged: false })
    assert.deepEqual(store.proposal(row.digest), row, 'the first acknowledgement stays')
    const { commit } = row.leaves[0]!
    assert.deepEqual(store.epochsOf(commit.commitment), [{ proposal: row.digest, acknowledged: true, commit }])
    assert.deepEqual(store.commitOf(commit), { proposal: row.digest, acknowledged: true, commit })
    assert.deepEqual(store.commitsOf(cast.orderId), [commit.commitment])
  })

  it('keeps one result a seat', async () => {
    await using stage = await openStore()
    const { store } = stage
    const audit: AuditRow = {
      commitment: named('commitment'),
      round: 0,
      orderId: cast.orderId,
      proposal: named('proposal'),
      beacon: cast.beacon.value(10 as never),
      excluded: [first!.address],
      opening: { resultRoot: named('root'), salt: named('salt') },
      attested: false,
      atMs: unixMs(1),
    }
    store.addAudit(audit)
    const other = { ...audit, opening: { resultRoot: named<never>('other'), salt: named<never>('salt') } }
    assert.throws(
      () => store.addAudit(other),
      (error: unknown) => isMarketError(error) && error.code === 'state-conflict',
    )
    store.addAudit({ ...audit, round: 1 })
    store.markAttested(audit)
    assert.deepEqual(store.auditsOf(audit.commitment), [
      { ...audit, attested: true },
      { ...audit, round: 1 },
    ])
  })

  it('counts audited passes in a row, each commitment once, by provider and class', async () => {
    await using stage = await openStore()
    const { store } = stage
    const k = (provider = first!.address, determinism: DeterminismClass = 'D1') => store.passes(provider, determinism)
    const pass = judged('passed')
    store.addSettlements([], [pass, pass, judged('provider-right'), judged('nondeterministic')])
    store.addSettlements([], [pass])
    assert.equal(k(), 2)
    store.addSettlements([], [judged('passed', { determinism: 'DX' }), judged('passed', { provider: second!.address })])
    assert.deepEqual([k(), k(first!.address, 'DX'), k(second!.address)], [2, 1, 1])
    store.addSettlements([], [judged('provider-fault')])
    assert.deepEqual([k(), k(first!.address, 'DX'), k(second!.address)], [0, 0, 1])
    store.addSettlements([], [judged('passed')])
    assert.equal(k(), 1)
  })

  it('forgets an order with everything about it, and keeps the standing it earned', async () => {
    await using stage = await openStore()
    const { store } = stage
    const row = await proposalRow()
    store.addOrder({ orderId: cast.orderId, terms: cast.terms, spec: cast.spec })
    store.addProposal(row)
    const { commitment } = row.leaves[0]!.commit
    const settlement = {
      orderId: cast.orderId,
      content: named<never>('content'),
      batch: named<never>('batch'),
      accepted: [commitment],
      atMs: unixMs(1),
    }
    store.addSettlements([settlement], [judged('passed', { commitment })])
    assert.deepEqual(store.settlement(cast.orderId), settlement)
    assert.equal(store.forgetBefore(row.refundAtMs), 0)
    assert.equal(store.forgetBefore(unixMs(row.refundAtMs + 1)), 1)
    assert.deepEqual(store.counts(), { orders: 0, epochs: 0, audits: 0, settlements: 0, verdicts: 0 })
    assert.deepEqual(store.epochsOf(commitment), [])
    assert.equal(store.passes(first!.address, 'D1'), 1)
  })
})
