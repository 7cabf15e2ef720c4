/** What the chain itself says about a receipt. */
import type { ReceiptAnchors } from '@assay/core'
import { MarketError, type JobEvidence, type OperatorEntry, type OrderId, type Receipt } from '@assay/protocol'
import { onChain, type ClientChain } from './client-chain.ts'
import { limits } from './limits.ts'
import { runBounded } from './run-bounded.ts'

/** Quorum and operator numbers as the contracts have them. Throws `receipt-invalid` for a quorum or operator that is not there. */
export async function chainAnchors(
  { reader }: ClientChain,
  { quorum, operators }: JobEvidence,
  signal: AbortSignal,
): Promise<ReceiptAnchors> {
  const members = await onChain(signal, () => reader.quorum(quorum.id, signal))
  if (members === undefined) throw absent('quorum', quorum.id)
  const entries: OperatorEntry[] = []
  await runBounded(operators, limits.transfers, signal, async ({ address }) => {
    const operator = await onChain(signal, () => reader.operator(address, signal))
    if (operator === undefined) throw absent('operator', address)
    entries.push({ address, index: operator.index })
  })
  return { quorum: members, operators: entries }
}

/** Throws `receipt-invalid` when the chain has not settled the order, or in another transaction than the receipt says. */
export async function checkSettledOnChain(
  { reader }: ClientChain,
  orderId: OrderId,
  { proof }: Receipt,
  signal: AbortSignal,
): Promise<void> {
  const order = await onChain(signal, () => reader.order(orderId, signal))
  if (order.status !== 'settled') throw unproven('status', order.status)
  const settled = await onChain(signal, () => reader.settlementOf(orderId, signal))
  if (proof !== undefined && settled?.transactionHash !== proof.transactionHash) {
    throw unproven('transaction', proof.transactionHash)
  }
}

const absent = (what: string, id: string | number): MarketError =>
  new MarketError('receipt-invalid', `the receipt names a ${what} that the chain does not know`, {
    details: { check: 'anchors', [what]: id },
  })

const unproven = (what: string, value: string): MarketError =>
  new MarketError('receipt-invalid', 'the chain does not show the settlement of the receipt', {
    details: { check: 'chain', [what]: value },
  })
