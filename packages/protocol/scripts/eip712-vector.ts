import {
  asAddress,
  basisPoints,
  derivePackedHash,
  deriveBatchDigest,
  deriveOrderId,
  deriveVerdictDigest,
  packOrders,
  packPayouts,
  toJson,
  unixSeconds,
  usdc,
  verdictOutcomes,
  type Json,
  type OperatorIndex,
  type OrderId,
  type QuorumId,
} from '../src/index.ts'
import { addressOf, named } from './actors.ts'

export const vectorMarket = { chainId: 137, escrow: asAddress('0x00000000000000000000000000000000000e5c40') }
export const vectorTerms = {
  client: addressOf('client'),
  aggregator: addressOf('aggregator'),
  maxAmount: usdc(10_302_000n),
  settleBy: unixSeconds(1_900_000_000),
  refundAt: unixSeconds(1_900_003_600),
  quorumId: 7 as QuorumId,
  feeBps: basisPoints(100),
  specHash: named('spec'),
  salt: named('terms-salt'),
} as const

/** Every digest that a contract computes, with all of its inputs. */
export function eip712Vector(): Json {
  const orderId = deriveOrderId(vectorMarket, vectorTerms)
  const other = named<OrderId>('other-order')
  const orders = [
    { orderId, charged: usdc(8_181_000n) },
    { orderId: other, charged: usdc(1_010_000n) },
  ].toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
  const payouts = [
    { index: 1 as OperatorIndex, amount: usdc(8_000_000n) },
    { index: 2 as OperatorIndex, amount: usdc(1_000_000n) },
    { index: 4_000_000_000 as OperatorIndex, amount: usdc(100_000n) },
  ]
  const batch = {
    aggregator: vectorTerms.aggregator,
    quorumId: vectorTerms.quorumId,
    ordersHash: derivePackedHash(packOrders(orders)),
    payoutsHash: derivePackedHash(packPayouts(payouts)),
    fee: 91_000n,
    resultsRoot: named('results-root'),
  } as const
  const verdict = {
    orderId,
    shard: 3,
    attempt: 2,
    accused: addressOf('provider'),
    outcome: verdictOutcomes.providerFault,
    slash: usdc(50_000_000n),
    detector: addressOf('validator-1'),
    quorumId: vectorTerms.quorumId,
    evidence: named('evidence'),
  } as const
  return toJson({
    ...vectorMarket,
    terms: vectorTerms,
    orderId,
    batch,
    orders,
    payouts,
    batchDigest: deriveBatchDigest(vectorMarket, batch),
    verdict,
    verdictDigest: deriveVerdictDigest(vectorMarket, verdict),
  })
}
