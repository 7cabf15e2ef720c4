import assert from 'node:assert/strict'
import test from 'node:test'
import { orderAmount } from '@assay/core'
import {
  basisPoints,
  deriveOrderId,
  deriveSpecHash,
  durationMs,
  hashBlob,
  isMarketError,
  JobSpec,
  ppm,
  toJson,
  unixMs,
  unixSeconds,
  usdc,
  type MarketInfo,
  type OrderTerms,
  type Quote,
} from '@assay/protocol'
import { createEvidenceCast, createTestActor, named } from '@assay/testkit'
import { checkQuote, type QuoteExpectations } from './check-quote.ts'

const input = await hashBlob(new TextEncoder().encode('input'))
const cast = createEvidenceCast({
  spec: { shards: [{ name: 's', args: [], inputs: [{ path: 'x', ...input, executable: false }] }] },
})
const market: MarketInfo = {
  ...cast.market,
  token: cast.market.escrow,
  tokenName: 'USD Coin',
  tokenVersion: '2',
  stakes: cast.market.escrow,
  quorums: cast.market.escrow,
  disputes: cast.market.escrow,
  aggregator: cast.aggregator.address,
  publicKey: cast.aggregator.publicKey,
  quorumId: cast.quorum.id,
  feeBps: basisPoints(100),
  beacon: cast.beacon.info,
  priceUsdc: usdc(1n),
  auditFeeUsdc: usdc(1n),
  providersSeen: 1,
  validatorsSeen: 7,
}
const now = unixMs(1_800_000_000_000)
const expected: QuoteExpectations = {
  client: cast.client.address,
  market,
  spec: cast.spec,
  maxLockMs: durationMs(3 * 3600 * 1000),
  now,
}
const honest: Quote = {
  quoteId: named('quote'),
  terms: cast.terms,
  orderId: cast.orderId,
  ...orderAmount(cast.spec, basisPoints(100)),
  auditRateMinPpm: ppm(53_000),
  auditRateMaxPpm: ppm(53_000),
  stakeUsdc: usdc(50_000_000n),
  certificate: { state: 'none' },
  stakeTotalUsdc: usdc(150_000_000n),
  providers: 3,
  bands: [{ stakeUsdc: usdc(50_000_000n), ratePpm: ppm(53_000), providers: 3 }],
  runMs: durationMs(1000),
  quorum: { id: cast.quorum.id, threshold: 4, members: 7, stakeUsdc: usdc(1n) },
  missing: [{ root: input.root, size: input.size }],
  expiresAtMs: unixMs(now + 60_000),
}

/** A quote whose terms were altered and whose order id fits them again. */
const altered = (change: Partial<OrderTerms>): Quote => {
  const terms = { ...cast.terms, ...change }
  return { ...honest, terms, orderId: deriveOrderId(cast.market, terms) }
}
const refuses = (quote: Quote, code: string, field?: string, over: Partial<QuoteExpectations> = {}): void =>
  assert.throws(
    () => checkQuote(quote, { ...expected, ...over }),
    (error) => {
      assert.ok(isMarketError(error))
      assert.equal(error.code, code)
      if (field !== undefined) assert.equal(error.details['field'], field)
      if (code === 'terms-mismatch') assert.equal(error.blame, 'aggregator')
      return true
    },
  )

test('passes a quote that binds exactly what was asked for', () => {
  checkQuote(honest, expected)
  checkQuote({ ...honest, missing: [] }, expected)
})

test('refuses terms of another client, aggregator, quorum, fee, job or id', () => {
  const stranger = createTestActor('stranger').address
  refuses(altered({ client: stranger }), 'terms-mismatch', 'terms.client')
  refuses(altered({ aggregator: stranger }), 'terms-mismatch', 'terms.aggregator')
  refuses(altered({ quorumId: (cast.quorum.id + 1) as typeof cast.quorum.id }), 'terms-mismatch', 'terms.quorumId')
  refuses(altered({ feeBps: basisPoints(101) }), 'terms-mismatch', 'terms.feeBps')
  refuses(altered({ specHash: named('another spec') }), 'terms-mismatch', 'terms.specHash')
  refuses({ ...honest, orderId: named('another order') }, 'terms-mismatch', 'orderId')
})

test('refuses a quote that audits less than was asked for, or names another quorum than its terms', () => {
  const spec = { ...cast.spec, minAuditRatePpm: ppm(250_000) }
  const terms = { ...cast.terms, specHash: deriveSpecHash(spec) }
  const quote: Quote = { ...honest, terms, orderId: deriveOrderId(cast.market, terms) }
  refuses(quote, 'terms-mismatch', 'auditRateMinPpm', { spec })
  const more = { auditRateMinPpm: ppm(250_000), auditRateMaxPpm: ppm(250_000) }
  refuses({ ...quote, ...more }, 'terms-mismatch', 'auditRateMinPpm', { spec })
  checkQuote({ ...quote, ...more, bands: [{ ...honest.bands[0]!, ratePpm: ppm(250_000) }] }, { ...expected, spec })
  refuses({ ...honest, quorum: { ...honest.quorum!, id: 99 as typeof cast.quorum.id } }, 'terms-mismatch', 'quorum.id')
})

test('refuses any amount that does not follow from the spec, to the unit', () => {
  for (const off of [-1n, 1n]) {
    refuses(altered({ maxAmount: usdc(cast.terms.maxAmount + off) }), 'terms-mismatch', 'terms.maxAmount')
    refuses({ ...honest, maxUsdc: usdc(honest.maxUsdc + off) }, 'terms-mismatch', 'maxUsdc')
    refuses({ ...honest, shardsUsdc: usdc(honest.shardsUsdc + off) }, 'terms-mismatch', 'shardsUsdc')
    refuses({ ...honest, auditBudgetUsdc: usdc(honest.auditBudgetUsdc + off) }, 'terms-mismatch', 'auditBudgetUsdc')
    refuses({ ...honest, feeUsdc: usdc(honest.feeUsdc + off) }, 'terms-mismatch', 'feeUsdc')
  }
})

test('refuses windows in which no shard can run, or in which the money is locked too long', () => {
  const nowS = now / 1000
  refuses(altered({ settleBy: unixSeconds(nowS + 60) }), 'terms-mismatch', 'terms.settleBy')
  refuses(altered({ refundAt: unixSeconds(nowS + 3 * 3600 + 1) }), 'terms-mismatch', 'terms.refundAt')
  checkQuote(altered({ settleBy: unixSeconds(nowS + 61), refundAt: unixSeconds(nowS + 3 * 3600) }), expected)
})

test('refuses a quote that has expired, or that nobody can serve', () => {
  refuses({ ...honest, expiresAtMs: now }, 'quote-expired')
  refuses({ ...honest, providers: 0 }, 'no-providers')
})

test('refuses to upload what is not an input of the job', () => {
  refuses({ ...honest, missing: [{ root: named('other'), size: input.size }] }, 'terms-mismatch', 'missing')
  refuses({ ...honest, missing: [{ root: input.root, size: 1 as typeof input.size }] }, 'terms-mismatch', 'missing')
})

test('is not fooled by a spec that changed after the quote', () => {
  const spec = JobSpec.parse({ ...(toJson(cast.spec) as object), command: ['other'] })
  refuses(honest, 'terms-mismatch', 'terms.specHash', { spec })
})
