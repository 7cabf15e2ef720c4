/** Everything a client checks in a quote before it signs. Pure. */
import { orderAmount } from '@assay/core'
import {
  deriveOrderId,
  deriveSpecHash,
  formatUsdc,
  MarketError,
  type Address,
  type DurationMs,
  type JobSpec,
  type MarketInfo,
  type Quote,
  type UnixMs,
} from '@assay/protocol'

export interface QuoteExpectations {
  readonly client: Address
  readonly market: MarketInfo
  readonly spec: JobSpec
  /** Longest time until the money can come back. */
  readonly maxLockMs: DurationMs
  readonly now: UnixMs
}

/**
 * Throws `terms-mismatch` (blame: aggregator) naming the first field that is not what was asked for, `quote-expired` or
 * `no-providers`. A quote that passes binds exactly the job, the client, the quorum, the fee and the amount expected.
 */
export function checkQuote(quote: Quote, expected: QuoteExpectations): void {
  checkTerms(quote, expected)
  checkRates(quote, expected)
  checkMoney(quote, expected)
  checkTimes(quote, expected)
  checkMissing(quote, expected.spec)
  if (quote.providers === 0) {
    throw new MarketError('no-providers', 'no provider can serve this job now; nothing was paid', {
      details: { stakeUsdc: formatUsdc(quote.stakeUsdc), priceUsdc: formatUsdc(expected.spec.priceUsdc) },
    })
  }
}

function checkTerms({ terms, orderId }: Quote, { client, market, spec }: QuoteExpectations): void {
  same('terms.client', terms.client, client)
  same('terms.aggregator', terms.aggregator, market.aggregator)
  same('terms.quorumId', terms.quorumId, spec.determinism === 'DX' ? 0 : market.quorumId)
  same('terms.feeBps', terms.feeBps, market.feeBps)
  same('terms.specHash', terms.specHash, deriveSpecHash(spec))
  same('orderId', orderId, deriveOrderId(market, terms))
}

/** A rate below what the spec demands would be refused by every validator: whoever quotes it does not mean it. */
function checkRates({ auditRateMinPpm, bands, quorum, terms }: Quote, { spec }: QuoteExpectations): void {
  same('quorum.id', quorum?.id ?? 0, terms.quorumId)
  for (const rate of spec.determinism === 'DX' ? [] : [auditRateMinPpm, ...bands.map(({ ratePpm }) => ratePpm)]) {
    if (rate < spec.minAuditRatePpm)
      throw mismatch('auditRateMinPpm', 'it audits less than was asked for', {
        got: rate,
        wanted: spec.minAuditRatePpm,
      })
  }
}

function checkMoney(quote: Quote, { spec }: QuoteExpectations): void {
  const amount = orderAmount(spec, quote.terms.feeBps)
  same('terms.maxAmount', formatUsdc(quote.terms.maxAmount), formatUsdc(amount.maxUsdc))
  same('maxUsdc', formatUsdc(quote.maxUsdc), formatUsdc(amount.maxUsdc))
  same('shardsUsdc', formatUsdc(quote.shardsUsdc), formatUsdc(amount.shardsUsdc))
  same('auditBudgetUsdc', formatUsdc(quote.auditBudgetUsdc), formatUsdc(amount.auditBudgetUsdc))
  same('feeUsdc', formatUsdc(quote.feeUsdc), formatUsdc(amount.feeUsdc))
}

function checkTimes({ terms, expiresAtMs }: Quote, { spec, maxLockMs, now }: QuoteExpectations): void {
  if (expiresAtMs <= now) {
    throw new MarketError('quote-expired', 'the quote has expired already', { details: { expiresAtMs, now } })
  }
  const settleByMs = terms.settleBy * 1000
  const refundAtMs = terms.refundAt * 1000
  if (settleByMs <= now + spec.timeLimitMs) {
    throw mismatch('terms.settleBy', 'settlement would end before one shard can run', { settleBy: terms.settleBy, now })
  }
  // The schema holds settleBy ≤ refundAt.
  if (refundAtMs > now + maxLockMs) {
    throw mismatch('terms.refundAt', 'the money would be locked for too long', { refundAt: terms.refundAt, maxLockMs })
  }
}

function checkMissing({ missing }: Quote, spec: JobSpec): void {
  const sizes = new Map<string, number>()
  for (const { root, size } of [...spec.sharedInputs, ...spec.shards.flatMap((shard) => shard.inputs)]) {
    sizes.set(root, size)
  }
  for (const { root, size } of missing) {
    if (sizes.get(root) !== size) throw mismatch('missing', 'it asks for a blob that the job does not have', { root })
  }
}

function same(field: string, got: string | number, wanted: string | number): void {
  if (got !== wanted) throw mismatch(field, `${field} is not what was asked for`, { got, wanted })
}

const mismatch = (field: string, reason: string, details: Record<string, string | number>): MarketError =>
  new MarketError('terms-mismatch', `the quote is refused: ${reason}; nothing was paid`, {
    details: { field, ...details },
    blame: 'aggregator',
  })
