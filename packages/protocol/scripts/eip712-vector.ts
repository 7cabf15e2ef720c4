import {
  deriveAcceptanceDigest,
  deriveBatchDigest,
  deriveDepositAddress,
  deriveRulingDigest,
  deriveTabDepositNonce,
  deriveVoucherDigest,
  deriveOrderId,
  derivePackedHash,
  deriveVerdictDigest,
  MarketDomain,
  OrderCharge,
  OrderTerms,
  packOrders,
  packPayouts,
  packTabs,
  Payout,
  Ruling,
  signDigest,
  TabDeposit,
  TabVoucher,
  toJson,
  usdc,
  Verdict,
  verdictOutcomes,
  type Hash32,
  type Json,
  type TabDraw,
} from '../src/index.ts'
import { addressOf, keyOf, named } from './actors.ts'

export const vectorMarket = MarketDomain.parse({
  chainId: 137,
  escrow: '0x00000000000000000000000000000000000e5c40',
})
export const vectorTerms = OrderTerms.parse({
  client: addressOf('client'),
  aggregator: addressOf('aggregator'),
  maxAmount: '10302000',
  settleBy: 1_900_000_000,
  refundAt: 1_900_003_600,
  quorumId: 7,
  feeBps: 100,
  specHash: named('spec'),
  salt: named('terms-salt'),
})

/** Every digest that a contract computes, with all of its inputs. */
export function eip712Vector(): Json {
  const orderId = deriveOrderId(vectorMarket, vectorTerms)
  const orders = [
    OrderCharge.parse({ orderId, charged: '8181000' }),
    OrderCharge.parse({ orderId: named('other-order'), charged: '1010000' }),
  ].toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
  const payouts = [
    Payout.parse({ index: 1, amount: '8000000' }),
    Payout.parse({ index: 2, amount: '1000000' }),
    Payout.parse({ index: 4_000_000_000, amount: '100000' }),
  ]
  const { tabs, packedTabs, ...tabVector } = tabVectors()
  const batch = {
    aggregator: vectorTerms.aggregator,
    quorumId: vectorTerms.quorumId,
    ordersHash: derivePackedHash(packOrders(orders)),
    tabsHash: derivePackedHash(packedTabs),
    payoutsHash: derivePackedHash(packPayouts(payouts)),
    fee: 91_000n,
    resultsRoot: named<Hash32>('results-root'),
  }
  const ruling = Ruling.parse({ verdictId: named('verdict'), round: 2, guilty: true, evidence: named('evidence') })
  const verdict = Verdict.parse({
    orderId,
    shard: 3,
    attempt: 2,
    accused: addressOf('provider'),
    outcome: verdictOutcomes.providerFault,
    slash: '50000000',
    detector: addressOf('validator-1'),
    quorumId: vectorTerms.quorumId,
    evidence: named('evidence'),
  })
  const acceptance = { orderId, payoutsHash: batch.payoutsHash, fee: 91_000n, resultsRoot: batch.resultsRoot }
  return toJson({
    ...vectorMarket,
    terms: vectorTerms,
    orderId,
    depositAddress: deriveDepositAddress(vectorMarket, orderId),
    batch,
    orders,
    payouts,
    batchDigest: deriveBatchDigest(vectorMarket, batch),
    verdict,
    verdictDigest: deriveVerdictDigest(vectorMarket, verdict),
    tabs,
    packedTabs,
    ...tabVector,
    ruling,
    rulingDigest: deriveRulingDigest(vectorMarket, ruling),
    acceptance,
    acceptanceDigest: deriveAcceptanceDigest(vectorMarket, acceptance),
  })
}

/** A voucher, the tab it draws, and a payment into that tab. */
function tabVectors() {
  const voucher = TabVoucher.parse({
    client: addressOf('client'),
    aggregator: vectorTerms.aggregator,
    quorumId: vectorTerms.quorumId,
    feeBps: 100,
    generation: 3,
    ceiling: '70000000',
  })
  const voucherDigest = deriveVoucherDigest(vectorMarket, voucher)
  const tabs: TabDraw[] = [
    {
      client: voucher.client,
      ceiling: voucher.ceiling,
      spentAfter: usdc(69_999_999n),
      feeBps: voucher.feeBps,
      signature: signDigest(voucherDigest, keyOf('client')),
    },
  ]
  const deposit = TabDeposit.parse({
    client: voucher.client,
    aggregator: voucher.aggregator,
    amount: '90000000',
    salt: named('tab-salt'),
  })
  return {
    tabs: tabs.map((tab) => ({ ...tab })),
    packedTabs: packTabs(tabs),
    voucher,
    voucherDigest,
    deposit,
    depositNonce: deriveTabDepositNonce(vectorMarket, deposit),
  }
}
