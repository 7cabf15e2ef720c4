import type { ChainMarket, Signer } from '@assay/core'
import { deriveOrderId, type Hex, type OrderTerms, type SubmitRequest, type UnixSeconds } from '@assay/protocol'
import { hashTypedData } from 'viem'

/**
 * The client's payment: EIP-3009 `ReceiveWithAuthorization` to the escrow, whose nonce is the order id, so that paying is
 * agreeing to the terms and the money can become nothing but this order.
 */
export function derivePaymentDigest(
  market: Pick<ChainMarket, 'chainId' | 'escrow' | 'token' | 'tokenName' | 'tokenVersion'>,
  terms: OrderTerms,
  window: { readonly validAfter: UnixSeconds; readonly validBefore: UnixSeconds },
): Hex {
  const { chainId, escrow, token, tokenName, tokenVersion } = market
  return hashTypedData({
    domain: { name: tokenName, version: tokenVersion, chainId, verifyingContract: token },
    types: {
      ReceiveWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: terms.client,
      to: escrow,
      value: terms.maxAmount,
      validAfter: BigInt(window.validAfter),
      validBefore: BigInt(window.validBefore),
      nonce: deriveOrderId(market, terms),
    },
  })
}

/** Signs the payment of an order. */
export async function signPayment(
  market: Parameters<typeof derivePaymentDigest>[0],
  terms: OrderTerms,
  window: Parameters<typeof derivePaymentDigest>[2],
  signer: Signer,
): Promise<NonNullable<SubmitRequest['authorization']>> {
  return { ...window, signature: await signer.sign(derivePaymentDigest(market, terms, window)) }
}
