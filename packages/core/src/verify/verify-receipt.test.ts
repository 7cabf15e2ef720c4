import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveBatchDigest, isMarketError, Receipt, sumUsdc, toJson, usdc, type Settlement } from '@assay/protocol'
import {
  buildEvidence,
  buildReceipt,
  createEvidenceCast,
  createTestActor,
  createTestBeacon,
  named,
} from '@assay/testkit'
import { toBatch } from '../settle/derive-settlement.ts'
import {
  assertReceipt,
  receiptChecks,
  verifyReceipt,
  type ReceiptAnchors,
  type ReceiptReport,
} from './verify-receipt.ts'

const size = { validators: 6, threshold: 3, shards: 3 }
const cast = createEvidenceCast(size)
const evidence = await buildEvidence(cast, {
  epochs: [
    {
      attempts: [
        { shard: 0, provider: 0, sampled: true },
        { shard: 1, provider: 1, sampled: false },
        { shard: 2, provider: 2, sampled: true, story: 'unopened' },
      ],
    },
  ],
})
const receipt = buildReceipt(cast, evidence)
const otherCast = createEvidenceCast({ ...size, label: 'other' })
const other = await buildEvidence(otherCast, { epochs: [{ attempts: [{ shard: 0, provider: 3, sampled: true }] }] })

const failed = (report: ReceiptReport): readonly string[] =>
  report.checks
    .filter(({ status }) => status === 'failed')
    .map(({ name, details }) => `${name}: ${details['fault'] ?? details['reason'] ?? ''}`)
/** The receipt with another settlement, properly signed by the quorum. */
function signed(from: Receipt, changes: Partial<Omit<Settlement, 'signatures'>>): Receipt {
  const settlement = { ...from.settlement, ...changes }
  const { aggregator, quorumId } = from.evidence.terms
  const digest = deriveBatchDigest(cast.market, toBatch({ settlement, aggregator, quorumId }))
  return {
    ...from,
    settlement: { ...settlement, signatures: cast.validators.slice(0, 3).map((v) => v.signNow(digest)) },
  }
}

describe('verifyReceipt', () => {
  it('passes an honest receipt, check by check, also after a trip over the wire', () => {
    const wire = Receipt.parse(JSON.parse(JSON.stringify(toJson(receipt))))
    for (const one of [receipt, wire]) {
      const report = verifyReceipt(one)
      assert.ok(report.ok)
      assert.equal(report.orderId, cast.orderId)
      assert.deepEqual(
        report.checks.map(({ name }) => name),
        [...receiptChecks],
      )
      assert.deepEqual(
        report.checks.filter(({ status }) => status !== 'passed').map(({ name }) => name),
        ['anchors'],
      )
    }
    const numbers = verifyReceipt(receipt).checks.find(({ name }) => name === 'settlement')?.details
    assert.deepEqual(numbers, { orders: 1, charged: '2626000', refundable: '2424000' })
  })

  it('holds the receipt against what its reader knows from the chain', () => {
    const { market, quorum, beacon, operators } = evidence
    assert.ok(verifyReceipt(receipt, { market, quorum, beacon, operators }).ok)
    const lowered = { ...quorum, threshold: 2 }
    const wrong: readonly (readonly [string, ReceiptAnchors])[] = [
      ['market', { market: { ...market, chainId: 1 } }],
      ['quorum', { quorum: lowered }],
      [
        'quorum',
        { quorum: { ...quorum, members: quorum.members.toSpliced(0, 1, createTestActor('stranger').address) } },
      ],
      ['beacon', { beacon: createTestBeacon('other').info }],
      ['operators', { operators: operators.slice(1) }],
    ]
    for (const [reason, anchors] of wrong)
      assert.deepEqual(failed(verifyReceipt(receipt, anchors)), [`anchors: ${reason}`])
  })

  it('names the stage of the first fault, passes what came before and skips what follows', () => {
    const report = verifyReceipt({ ...receipt, evidence: { ...evidence, audits: evidence.audits.slice(1) } })
    assert.deepEqual(failed(report), ['sampling: audit-missing'])
    const at = receiptChecks.indexOf('sampling')
    assert.ok(report.checks.slice(1, at).every(({ status }) => status === 'passed'))
    assert.ok(report.checks.slice(at + 1).every(({ status }) => status === 'skipped'))
    assert.equal(report.job, undefined)
  })

  it('refuses a settlement that pays otherwise, even one that the quorum signed', () => {
    const { payouts, orders, fee } = receipt.settlement
    const [first, second] = payouts
    const moved = [
      { ...first!, amount: usdc(first!.amount - 1n) },
      { ...second!, amount: usdc(second!.amount + 1n) },
      ...payouts.slice(2),
    ]
    const cases: readonly (readonly [string, Partial<Settlement>])[] = [
      ['charge', { orders: [{ ...orders[0]!, charged: usdc(1n) }] }],
      ['charge', { orders: [{ ...orders[0]!, orderId: named('x') }] }],
      ['order', { payouts: payouts.toReversed() }],
      ['balance', { fee: usdc(fee + 1n) }],
      ['payouts', { payouts: moved }],
      ['payouts', { payouts: [...payouts.slice(1), { ...first!, index: 99 as never }] }],
      ['results-root', { resultsRoot: named('x') }],
    ]
    for (const [reason, changes] of cases)
      assert.deepEqual(failed(verifyReceipt(signed(receipt, changes))), [`settlement: ${reason}`])
  })

  it('refuses signatures that are too few, twice the same, or not of the quorum', () => {
    const { settlement } = receipt
    const digest = deriveBatchDigest(cast.market, toBatch({ ...evidence.terms, settlement }))
    const [a, b] = settlement.signatures
    const strangers = createTestActor('stranger').signNow(digest)
    for (const signatures of [
      [a!, b!],
      [a!, b!, b!],
      [a!, b!, strangers],
      [...settlement.signatures, strangers],
    ])
      assert.deepEqual(failed(verifyReceipt({ ...receipt, settlement: { ...settlement, signatures } })), [
        'signatures: ',
      ])
  })

  it('opens accepted shards only, each once and with what its commit holds', () => {
    const [opening] = receipt.openings
    const cases = [
      [{ ...opening!, salt: named('x') }],
      [opening!, opening!],
      [{ ...opening!, attempt: 2 }],
      [{ ...opening!, shard: 1 }],
      [{ ...opening!, shard: 2 }],
    ]
    for (const openings of cases as Receipt['openings'][])
      assert.deepEqual(failed(verifyReceipt({ ...receipt, openings })), ['openings: '])
    assert.equal(verifyReceipt({ ...receipt, openings: [] }).checks.at(-1)?.status, 'skipped')
  })

  it('finds its own share in a batch of several orders', () => {
    const shared = buildReceipt(cast, evidence, [other])
    assert.ok(verifyReceipt(shared).ok)
    assert.ok(verifyReceipt(buildReceipt(otherCast, other, [evidence])).ok)
    const { payouts, fee, orders } = shared.settlement
    // Everything to the aggregator: the sum still holds, the payees' shares do not.
    const grabbed = { payouts: [], fee: usdc(fee + sumUsdc(payouts.map(({ amount }) => amount))) }
    assert.deepEqual(failed(verifyReceipt(signed(shared, grabbed))), ['settlement: payouts'])
    assert.deepEqual(failed(verifyReceipt(signed(shared, { orders: [...orders, orders[0]!] }))), ['settlement: charge'])
    const biggest = payouts.findIndex(({ amount }) => amount > fee)
    const less = payouts.with(biggest, { ...payouts[biggest]!, amount: usdc(payouts[biggest]!.amount + fee) })
    assert.deepEqual(failed(verifyReceipt(signed(shared, { payouts: less, fee: usdc(0n) }))), ['settlement: fee'])
  })
})

describe('assertReceipt', () => {
  it('returns the report or throws receipt-invalid with the failed check', () => {
    assert.ok(assertReceipt(receipt).ok)
    assert.throws(
      () => assertReceipt({ ...receipt, evidence: { ...evidence, audits: [] } }),
      (error) =>
        isMarketError(error) &&
        error.code === 'receipt-invalid' &&
        error.details['check'] === 'sampling' &&
        error.details['fault'] === 'audit-missing',
    )
  })
})
