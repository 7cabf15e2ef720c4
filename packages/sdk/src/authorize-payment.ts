/** The client's one signature: an EIP-3009 authorisation whose nonce is the order id, so that paying is agreeing. */
import {
  toUnixSeconds,
  unixSeconds,
  type DigestSigner,
  type MarketInfo,
  type Quote,
  type SubmitRequest,
} from '@assay/protocol'
import { limits } from './limits.ts'

/**
 * Signs a checked quote. The authorisation names the escrow as the only receiver and lapses soon after the quote does,
 * never later than `settleBy`.
 */
export async function authorizePayment(
  market: MarketInfo,
  { terms, expiresAtMs }: Quote,
  signer: DigestSigner,
): Promise<NonNullable<SubmitRequest['authorization']>> {
  // Loaded with the first payment: reading receipts and results needs no chain library.
  const { derivePaymentDigest } = await import('@assay/chain')
  const lapses = toUnixSeconds(expiresAtMs) + limits.authorizationSlackS
  const window = { validAfter: unixSeconds(0), validBefore: unixSeconds(Math.min(terms.settleBy, lapses)) }
  return { ...window, signature: await signer.sign(derivePaymentDigest(market, terms, window)) }
}
