import { derivePaymentDigest } from '@assay/chain'
import {
  deriveDepositAddress,
  deriveOrderId,
  encodeCanonical,
  MarketError,
  recoverSigner,
  toJson,
  toUnixSeconds,
  type OrderTerms,
  type SubmitRequest,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { inputSizes } from '../http/blobs.ts'
import type { JobRow } from '../store/records.ts'

/** Takes a quoted job. The authorisation is durable before it is used; asking twice gives the same job. */
export async function submitJob(context: Context, request: SubmitRequest, signal: AbortSignal): Promise<JobRow> {
  const { blobs, chain, clock, store } = context
  const existing = store.job(deriveOrderId(chain.market, request.terms))
  if (existing !== undefined) return existing
  const quote = store.quote(request.quoteId)
  if (quote === undefined) throw new MarketError('quote-unknown', 'no such quote')
  const { orderId, terms, spec } = quote
  if (quote.expiresAtMs <= clock.now()) throw new MarketError('quote-expired', 'the quote has expired')
  if (encodeCanonical(toJson(terms)) !== encodeCanonical(toJson(request.terms)))
    throw new MarketError('terms-mismatch', 'the terms are not those of the quote', { details: { orderId } })
  for (const root of inputSizes(spec).keys()) {
    if (!(await blobs.has(root)))
      throw new MarketError('input-missing', 'an input was not uploaded', { details: { root } })
    await blobs.pin(root, orderId)
  }
  const order = await chain.order(orderId, signal)
  if (order.status === 'settled' || order.status === 'refunded')
    throw new MarketError('order-exists', 'this order is over', { details: { status: order.status } })
  if (order.status === 'none') await checkPayment(context, request, signal)
  store.createJob({
    orderId,
    state: 'funding',
    outcome: undefined,
    client: terms.client,
    terms,
    spec,
    authorization: request.authorization,
    cancelled: false,
    settlement: undefined,
    proof: undefined,
    acceptance: undefined,
    chargedUsdc: undefined,
    refundedUsdc: undefined,
    createdAtMs: clock.now(),
    closedAtMs: undefined,
  })
  context.wake()
  return store.job(orderId)!
}

/** Refuses what the chain would refuse, before anything is stored or sent. */
async function checkPayment(
  { chain, clock }: Context,
  { terms, authorization }: SubmitRequest,
  signal: AbortSignal,
): Promise<void> {
  if (authorization === undefined) return checkDeposit(chain, terms, signal)
  const now = toUnixSeconds(clock.now())
  if (authorization.validBefore <= now || authorization.validAfter > now)
    throw new MarketError('signature-invalid', 'the authorisation is not valid now', {
      details: { validBefore: authorization.validBefore },
    })
  if (recoverSigner(derivePaymentDigest(chain.market, terms, authorization), authorization.signature) !== terms.client)
    throw new MarketError('signature-invalid', 'the authorisation is not signed by the client', {
      details: { client: terms.client },
    })
  const balance = await chain.usdcBalance(terms.client, signal)
  if (balance < terms.maxAmount)
    throw new MarketError('balance-insufficient', 'the client does not hold the amount', {
      details: { wallet: terms.client, have: balance.toString(), need: terms.maxAmount.toString() },
    })
}

/** Without an authorisation the money must be at the order's deposit address by now. */
async function checkDeposit(chain: Context['chain'], terms: OrderTerms, signal: AbortSignal): Promise<void> {
  const depositAddress = deriveDepositAddress(chain.market, deriveOrderId(chain.market, terms))
  const have = await chain.usdcBalance(depositAddress, signal)
  if (have >= terms.maxAmount) return
  throw new MarketError('order-not-funded', 'send an authorisation, or transfer the amount to the deposit address', {
    details: { depositAddress, have: have.toString(), need: terms.maxAmount.toString() },
  })
}
