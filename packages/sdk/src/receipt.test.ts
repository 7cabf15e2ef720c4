import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeCanonical, isMarketError, toJson, usdc, type Receipt } from '@assay/protocol'
import { buildEvidence, buildReceipt, createEvidenceCast, named } from '@assay/testkit'
import { openReceipt } from './receipt.ts'

const cast = createEvidenceCast({ shards: 2 })
const evidence = await buildEvidence(cast, {
  epochs: [
    {
      attempts: [
        { shard: 0, provider: 0, sampled: true },
        { shard: 1, provider: 1, sampled: true },
      ],
    },
  ],
})
const receipt = buildReceipt(cast, evidence)
const text = encodeCanonical(toJson(receipt))
const fails = (code: string) => (error: unknown) => isMarketError(error) && error.code === code

test('reads a receipt from text or JSON and says what the job came to', () => {
  const opened = openReceipt(text)
  assert.equal(opened.orderId, cast.orderId)
  assert.deepEqual([opened.shards, opened.accepted, opened.audited], [2, 2, 2])
  assert.equal(opened.chargedUsdc + opened.returnedUsdc, cast.terms.maxAmount)
  assert.equal(openReceipt(JSON.parse(text)).encode(), text)
})

test('refuses a receipt in which a charge, a signature, an opening or a result was altered', () => {
  const { settlement } = receipt
  const altered: readonly Receipt[] = [
    { ...receipt, settlement: { ...settlement, orders: [{ ...settlement.orders[0]!, charged: usdc(1n) }] } },
    { ...receipt, settlement: { ...settlement, signatures: settlement.signatures.slice(1) } },
    { ...receipt, settlement: { ...settlement, resultsRoot: named('other') } },
    { ...receipt, openings: [{ ...receipt.openings[0]!, resultRoot: named('other') }] },
    { ...receipt, evidence: { ...evidence, audits: evidence.audits.slice(1) } },
  ]
  for (const one of altered) assert.throws(() => openReceipt(toJson(one)), fails('receipt-invalid'))
})

test('refuses a receipt of a quorum that the reader does not know', () => {
  const quorum = { ...cast.quorum, threshold: cast.quorum.threshold - 1 }
  assert.throws(() => openReceipt(text, { quorum }), fails('receipt-invalid'))
  assert.equal(openReceipt(text, { quorum: cast.quorum, market: cast.market }).accepted, 2)
})

test('refuses what is no receipt', () => {
  for (const bad of ['', '{}', text.slice(0, 1000), 'null'])
    assert.throws(() => openReceipt(bad), fails('message-malformed'))
})
