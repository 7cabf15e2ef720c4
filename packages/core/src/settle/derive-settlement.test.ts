import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  derivePackedHash,
  packOrders,
  packPayouts,
  Settlement,
  sumUsdc,
  toJson,
  type JobEvidence,
} from '@assay/protocol'
import { buildEvidence, createEvidenceCast, type AttemptPlan, type EvidenceCast, type Story } from '@assay/testkit'
import fc from 'fast-check'
import { deriveSettlement, toBatch, type DerivedSettlement } from './derive-settlement.ts'

const size = { validators: 6, threshold: 3, shards: 2 }
const castOf = (label: string): EvidenceCast => createEvidenceCast({ ...size, label })
const market = castOf('any').market

function settled(evidence: readonly JobEvidence[]): DerivedSettlement {
  const derived = deriveSettlement(market, evidence)
  assert.ok(derived.ok, derived.ok ? '' : derived.fault)
  return derived
}
const built = async (label: string, attempts: readonly AttemptPlan[]): Promise<JobEvidence> =>
  buildEvidence(castOf(label), { epochs: attempts.length === 0 ? [] : [{ attempts }] })

const one = await built('one', [
  { shard: 0, provider: 0, sampled: true },
  { shard: 1, provider: 1, sampled: false },
])
const two = await built('two', [
  { shard: 0, provider: 1, sampled: true, story: 'lazy-validator' },
  { shard: 1, provider: 2, sampled: false },
])
const none = await built('none', [])

describe('deriveSettlement', () => {
  it('gives the same bytes for the same evidence in any order', () => {
    const derived = settled([one, two, none])
    for (const order of [
      [two, none, one],
      [none, two, one],
    ])
      assert.deepEqual(settled(order).settlement, derived.settlement)
  })

  it('settles an order that nobody served at zero, so that all of it is refundable at once', () => {
    const { settlement } = settled([none])
    assert.deepEqual(settlement.payouts, [])
    assert.deepEqual([settlement.orders[0]?.charged, settlement.fee], [0n, 0n])
    assert.equal(settlement.resultsRoot, `0x${'00'.repeat(32)}`)
  })

  it('sums each operator over all orders, in ascending order and never zero', () => {
    const { payouts, orders } = settled([one, two, none]).settlement
    const indices = payouts.map(({ index }) => index)
    assert.deepEqual(
      indices,
      [...new Set(indices)].toSorted((a, b) => a - b),
    )
    assert.ok(payouts.every(({ amount }) => amount > 0n))
    assert.deepEqual(
      orders.map(({ orderId }) => orderId),
      orders.map(({ orderId }) => orderId).toSorted(),
    )
    // Provider 1 delivered a shard of either order.
    assert.equal(payouts.find(({ index }) => index === 2)?.amount, 2_000_000n)
  })

  it('is a wire value once signatures are added, and hashes as the contract does', () => {
    const derived = settled([one, two])
    const wire = toJson({ ...derived.settlement, signatures: [`0x${'00'.repeat(65)}`] })
    assert.deepEqual(toJson(Settlement.parse(wire)), wire)
    assert.deepEqual(toBatch(derived), {
      aggregator: one.terms.aggregator,
      quorumId: one.terms.quorumId,
      ordersHash: derivePackedHash(packOrders(derived.settlement.orders)),
      tabsHash: derivePackedHash('0x'),
      payoutsHash: derivePackedHash(packPayouts(derived.settlement.payouts)),
      fee: derived.settlement.fee,
      resultsRoot: derived.settlement.resultsRoot,
    })
  })

  it('names what is wrong with evidence instead of settling it', () => {
    const spoiled = deriveSettlement(market, [{ ...one, audits: [] }])
    assert.equal(spoiled.ok ? 'ok' : spoiled.fault, 'audit-missing')
    const elsewhere = deriveSettlement({ ...market, chainId: 1 }, [one])
    assert.equal(elsewhere.ok ? 'ok' : elsewhere.fault, 'batch-mixed')
  })

  it('conserves money for any course of events: Σ payouts + fee = Σ charged ≤ Σ escrowed', async () => {
    const stories: readonly Story[] = [
      'honest',
      'garbage',
      'unopened',
      'lazy-validator',
      'both-wrong',
      'nondeterministic',
    ]
    const attempt = fc.record({
      provider: fc.constantFrom(2, 3),
      sampled: fc.boolean(),
      story: fc.constantFrom(...stories),
    })
    await fc.assert(
      fc.asyncProperty(attempt, attempt, async (first, second) => {
        const evidence = await built('random', [
          { shard: 0, ...first, story: first.sampled ? first.story : 'honest' },
          { shard: 1, ...second, story: second.sampled ? second.story : 'honest' },
        ])
        const { settlement, jobs } = settled([evidence, one])
        const charged = sumUsdc(settlement.orders.map((order) => order.charged))
        assert.equal(sumUsdc([...settlement.payouts.map(({ amount }) => amount), settlement.fee]), charged)
        assert.ok(charged <= evidence.terms.maxAmount + one.terms.maxAmount)
        const accepted = jobs.flatMap(({ shards }) => shards.filter((shard) => shard.accepted !== undefined))
        assert.equal(sumUsdc(jobs.map(({ bill }) => bill.shardsUsdc)), BigInt(accepted.length) * 1_000_000n)
      }),
      { numRuns: 12 },
    )
  })
})
