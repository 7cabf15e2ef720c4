/**
 * From inputs to a running job: hash, quote, check, upload, sign, submit. Money can move only at the last step, and what is
 * signed is stored before it leaves, so that a crash at any point loses nothing and pays nothing twice.
 */
import { quoteEconomics, type QuoteEconomics } from '@assay/core'
import {
  assertBug,
  durationMs,
  isMarketError,
  MarketError,
  quorumId,
  usdcSchema,
  type JobSpec,
  type Quote,
  type UsdcBase,
} from '@assay/protocol'
import { authorizePayment } from './authorize-payment.ts'
import { assertAffordable, choosePrice, draftSpec, finishSpec, parseAmount } from './build-spec.ts'
import { certifyQuote, type JobCertificate } from './certify-quote.ts'
import { checkQuote } from './check-quote.ts'
import { checkBalance } from './client-chain.ts'
import type { ClientParts } from './client-parts.ts'
import { assertLive, hasCode } from './faults.ts'
import { hashInputs, type HashedInputs } from './hash-inputs.ts'
import type { StoredJob } from './job-store.ts'
import { limits } from './limits.ts'
import type { MapOptions } from './map-options.ts'
import { deriveSealKey } from './seal-key.ts'
import { awaitTransfer } from './await-transfer.ts'
import { submitStored } from './submit-stored.ts'
import { uploadBlobs } from './upload-blobs.ts'

/** What a job would cost, and what verification buys for it. */
export interface PricedJob {
  readonly spec: JobSpec
  readonly quote: Quote
  readonly economics: QuoteEconomics
}

/**
 * Brings a job to the market. Before any money moves it throws what `hashInputs`, `finishSpec`, `checkQuote`,
 * `checkBalance` and `uploadBlobs` throw, `budget-too-small`, `cap-exceeded`, `cancelled`, or the aggregator's refusal. A
 * failure of the submission itself names the `orderId`: `client.job(orderId)` submits the same signature again.
 */
export async function startJob(parts: ClientParts, options: MapOptions, signal: AbortSignal): Promise<StoredJob> {
  const report = options.onProgress ?? (() => undefined)
  const hashed = await hashInputs(
    options.inputs,
    options.shared ?? [],
    (shards, bytes) => report({ stage: 'hashing', shards, bytes }),
    signal,
  )
  let asked = false
  for (let round = 1; ; round++) {
    const { spec, quote } = await fetchQuote(parts, options, hashed, signal)
    parts.cap.take(quote.orderId, quote.maxUsdc)
    try {
      report({ stage: 'quoted', quote })
      if (parts.chain !== undefined && options.payBy !== 'transfer')
        await checkBalance(parts.chain, parts.signer.address, quote.maxUsdc, signal)
      if (!asked) await askConfirmation(options, quote)
      asked = true
      const onSent = (bytes: number, totalBytes: number): void => report({ stage: 'uploading', bytes, totalBytes })
      const upload = { quoteId: quote.quoteId, missing: quote.missing, files: hashed.files, onSent }
      await uploadBlobs(parts.api, upload, signal)
      if (options.certify === true) await certifyQuote(parts, { spec, quote, report }, signal)
      assertUnexpired(quote, parts)
    } catch (error) {
      parts.cap.drop(quote.orderId)
      // A long upload outlives its quote; what has arrived stays, so the next round is shorter.
      const outlived = hasCode(error, 'quote-expired') || hasCode(error, 'quote-unknown')
      if (outlived && round < limits.quoteRounds) continue
      throw error
    }
    return await pay(parts, { spec, quote, report, payBy: options.payBy ?? 'signature' }, signal)
  }
}

/** Has a job certified and nothing else: quote, upload, certificate. Throws what `startJob` throws before it pays. */
export async function certifyOnly(
  parts: ClientParts,
  options: MapOptions,
  signal: AbortSignal,
): Promise<JobCertificate> {
  const report = options.onProgress ?? (() => undefined)
  const hashed = await hashInputs(
    options.inputs,
    options.shared ?? [],
    (shards, bytes) => report({ stage: 'hashing', shards, bytes }),
    signal,
  )
  const { spec, quote } = await fetchQuote(parts, options, hashed, signal)
  const onSent = (bytes: number, totalBytes: number): void => report({ stage: 'uploading', bytes, totalBytes })
  const upload = { quoteId: quote.quoteId, missing: quote.missing, files: hashed.files, onSent }
  await uploadBlobs(parts.api, upload, signal)
  return certifyQuote(parts, { spec, quote, report }, signal)
}

async function pay(
  parts: ClientParts,
  job: {
    readonly spec: JobSpec
    readonly quote: Quote
    readonly report: NonNullable<MapOptions['onProgress']>
    readonly payBy: NonNullable<MapOptions['payBy']>
  },
  signal: AbortSignal,
): Promise<StoredJob> {
  const { spec, quote, report, payBy } = job
  const { market, signer, clock, store, api } = parts
  assertBug(parts.cap.takenUsdc() <= parts.cap.capUsdc, 'the cap covers everything signed')
  report({ stage: 'funding', orderId: quote.orderId, maxUsdc: quote.maxUsdc })
  const stored: StoredJob = {
    v: 1,
    orderId: quote.orderId,
    aggregator: api.http.baseUrl,
    market: { chainId: market.chainId, escrow: market.escrow },
    spec,
    request: {
      quoteId: quote.quoteId,
      terms: quote.terms,
      ...(payBy === 'signature' && { authorization: await authorizePayment(market, quote, signer) }),
    },
    savedAtMs: clock.now(),
  }
  assertLive(signal)
  await store.save(stored, signal)
  if (payBy === 'signature') await submitStored(parts, stored, signal)
  else await awaitTransfer(parts, { stored, quote, report }, signal)
  report({ stage: 'submitted', orderId: quote.orderId })
  return stored
}

/** A checked quote for a job that is only hashed: nothing is sent but its description. Throws as `startJob` does before it pays. */
export async function quoteJob(parts: ClientParts, options: MapOptions, signal: AbortSignal): Promise<PricedJob> {
  const hashed = await hashInputs(options.inputs, options.shared ?? [], () => undefined, signal)
  const { spec, quote } = await fetchQuote(parts, options, hashed, signal)
  return { spec, quote, economics: quoteEconomics(spec, quote.terms.feeBps, quote.bands) }
}

/** A checked quote. When the aggregator names a higher price that the caller still pays, it is asked once more. */
async function fetchQuote(
  parts: ClientParts,
  options: MapOptions,
  hashed: HashedInputs,
  signal: AbortSignal,
): Promise<{ readonly spec: JobSpec; readonly quote: Quote }> {
  const price = choosePrice(options, parts.market)
  const money = { client: parts.signer.address, auditFeeUsdc: parts.market.auditFeeUsdc }
  try {
    return await quoteAt(parts, options, draftSpec(options, hashed, { ...money, priceUsdc: price }), signal)
  } catch (error) {
    const least = leastPrice(error, price)
    if (least === undefined || options.maxPricePerShardUsdc === undefined) throw error
    assertAffordable(least, parseAmount(options.maxPricePerShardUsdc, 'maxPricePerShardUsdc'))
    return quoteAt(parts, options, draftSpec(options, hashed, { ...money, priceUsdc: least }), signal)
  }
}

async function quoteAt(
  parts: ClientParts,
  options: MapOptions,
  draft: object,
  signal: AbortSignal,
): Promise<{ readonly spec: JobSpec; readonly quote: Quote }> {
  const { market, signer, clock, api } = parts
  const spec = finishSpec(draft, (await deriveSealKey(draft, signer)).recipient)
  const quorum = options.quorumId === undefined ? {} : { quorumId: quorumId(options.quorumId) }
  const quote = await api.quote({ spec, ...quorum }, signal)
  const maxLockMs = durationMs(options.maxLockMs ?? limits.lockMs)
  checkQuote(quote, { client: signer.address, market, spec, maxLockMs, now: clock.now() })
  return { spec, quote }
}

/** The price that a `budget-too-small` asks for; it names what the aggregator needs and what it had. */
function leastPrice(error: unknown, offered: UsdcBase): UsdcBase | undefined {
  if (!isMarketError(error) || error.code !== 'budget-too-small') return undefined
  const need = usdcSchema.safeParse(error.details['need'])
  // The audit budget is refused with the same code: only a refusal of our price is about the price.
  if (!need.success || need.data <= offered || error.details['have'] !== offered.toString()) return undefined
  return need.data
}

async function askConfirmation({ confirm }: MapOptions, quote: Quote): Promise<void> {
  if (confirm === undefined || (await confirm(quote))) return
  throw new MarketError('cancelled', 'the caller declined the quote; nothing was paid')
}

function assertUnexpired({ expiresAtMs }: Quote, { clock }: ClientParts): void {
  if (clock.now() < expiresAtMs) return
  throw new MarketError('quote-expired', 'the quote expired while the inputs were sent; nothing was paid')
}
