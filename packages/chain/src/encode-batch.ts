import type { ChainMarket, SignedBatch } from '@assay/core'
import { deriveBatchDigest, derivePackedHash, packOrders, packPayouts, packTabs } from '@assay/protocol'

/** A settlement as the contracts take it, and the digest that its quorum signs. */
export function encodeBatch(market: ChainMarket, signed: Omit<SignedBatch, 'signatures'>) {
  const { aggregator, quorumId, orders, payouts, fee, resultsRoot } = signed
  const packed = { orders: packOrders(orders), tabs: packTabs([]), payouts: packPayouts(payouts) }
  const hashes = {
    ordersHash: derivePackedHash(packed.orders),
    tabsHash: derivePackedHash(packed.tabs),
    payoutsHash: derivePackedHash(packed.payouts),
  }
  const digest = deriveBatchDigest(market, { aggregator, quorumId, fee, resultsRoot, ...hashes })
  return { batch: { aggregator, quorumId, ...packed, fee, resultsRoot }, digest }
}
