import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { orderAmount, quoteEconomics } from '@assay/core'
import { durationMs, ppm, unixMs, usdc } from '@assay/protocol'
import type { Quote } from '@assay/sdk'
import { createEvidenceCast, named } from '@assay/testkit'
import { quoteLines, quoteSummary } from './quote-lines.ts'
import { readShare } from './run.ts'

const { orderId, quorum, spec: base, terms } = createEvidenceCast({ shards: 2 })
const spec = { ...base, priceUsdc: usdc(1_000_000n), auditFeeUsdc: usdc(1_000_000n), auditBudgetUsdc: usdc(2_000_000n) }
const quote: Quote = {
  quoteId: named('quote'),
  terms,
  orderId,
  ...orderAmount(spec, terms.feeBps),
  auditRateMinPpm: ppm(53_428),
  auditRateMaxPpm: ppm(1_000_000),
  stakeUsdc: usdc(50_000_000n),
  stakeTotalUsdc: usdc(100_000_000n),
  providers: 2,
  bands: [
    { stakeUsdc: usdc(50_000_000n), ratePpm: ppm(53_428), providers: 1 },
    { stakeUsdc: usdc(50_000_000n), ratePpm: ppm(1_000_000), providers: 1 },
  ],
  runMs: durationMs(60_000),
  quorum: { id: quorum.id, threshold: 3, members: 4, stakeUsdc: usdc(80_000_000n) },
  certificate: { state: 'none' },
  missing: [],
  expiresAtMs: unixMs(1),
}
const lines = (of: typeof spec, shown: Quote): string =>
  quoteLines({ spec: of, quote: shown, economics: quoteEconomics(of, terms.feeBps, shown.bands) }).join('\n')

describe('a quote as text', () => {
  it('says when a cheat is caught and what it loses', () => {
    const text = lines(spec, quote)
    assert.match(text, /5\.34 % +25\.5 shards +75 shards +1\.000000 +50\.999\d+ +-1\.00\d+/)
    assert.match(text, /100 % +1\.4 shards/)
    assert.match(text, /3 of 4 validators, 80\.000000 USDC of them online/)
    assert.match(quoteSummary(quote), /audit rate 5\.34 % to 100 %$/)
  })

  it('says that nobody audits class DX', () => {
    const { quorum: _, ...unjudged } = { ...quote, bands: [] }
    assert.match(lines({ ...spec, determinism: 'DX' }, unjudged), /nobody audits class DX and nobody can be slashed/)
    assert.match(quoteSummary(unjudged), /nobody audits class DX/)
  })
})

describe('a share', () => {
  it('is read as per cent or as a number, and nothing else', () => {
    assert.deepEqual(['25%', '0.25', '100 %', '1', '0'].map(readShare), [0.25, 0.25, 1, 1, 0])
    for (const bad of ['25', '-1', '101%', 'x', '', '1.5', '1e-1']) assert.throws(() => readShare(bad), bad)
  })
})
