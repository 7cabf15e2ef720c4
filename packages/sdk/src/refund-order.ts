import type { Sent } from '@assay/core'
import { deriveDepositAddress, deriveOrderId, type OrderTerms } from '@assay/protocol'
import { onChain, type ClientChain } from './client-chain.ts'

/**
 * Takes an order's money back on chain, without any aggregator: what was transferred to its deposit address and did not fund it,
 * all of it from `refundAt` on, or what a settlement left. `overdue` tells whether the whole order came back. Throws
 * `too-early`, `nothing-due`, `rpc-unavailable`.
 */
export async function refundOrder(
  { reader, writer }: Required<ClientChain>,
  terms: OrderTerms,
  signal: AbortSignal,
): Promise<{ readonly sent: Sent; readonly overdue: boolean }> {
  const orderId = deriveOrderId(reader.market, terms)
  const { status } = await onChain(signal, () => reader.order(orderId, signal))
  // Nothing in the escrow can be due while the order is unknown or over; a transfer may still have come too late.
  if (status === 'none' || status === 'refunded') {
    const account = deriveDepositAddress(reader.market, orderId)
    const waiting = await onChain(signal, () => reader.usdcBalance(account, signal))
    if (waiting > 0n) return { sent: await onChain(signal, () => writer.sweepToClient(terms, signal)), overdue: false }
  }
  const sent = await onChain(signal, () => writer.refund(terms, signal))
  const after = await onChain(signal, () => reader.order(orderId, signal))
  return { sent, overdue: after.status === 'refunded' }
}
