import {
  addUsdc,
  derivePackedHash,
  deriveResultsRoot,
  packOrders,
  packPayouts,
  packTabs,
  sumUsdc,
  usdc,
  type Address,
  type JobEvidence,
  type MarketDomain,
  type OperatorIndex,
  type Payout,
  type QuorumId,
  type Settlement,
  type SettlementBatch,
  type ShardResult,
  type UsdcBase,
} from '@assay/protocol'
import { fault, type Fault } from '../verify/fault.ts'
import { judgeBatch } from '../verify/judge-batch.ts'
import type { JudgedEvidence, JudgeOptions } from '../verify/judge-evidence.ts'

export interface DerivedSettlement {
  readonly ok: true
  /** Orders by id, payouts by operator number, no zero payout. */
  readonly settlement: Omit<Settlement, 'signatures'>
  readonly quorumId: QuorumId
  readonly aggregator: Address
  /** Accepted shards, as they enter the results root. */
  readonly results: readonly ShardResult[]
  /** The judgements behind it, in the order of the evidence. */
  readonly jobs: readonly JudgedEvidence[]
}

/**
 * The one settlement that follows from the evidence: whoever holds the same evidence, in any order, derives the same
 * bytes. Judges the evidence first (`judgeBatch`) and returns its fault when it does not hold.
 */
export function deriveSettlement(
  market: MarketDomain,
  evidence: readonly JobEvidence[],
  options: JudgeOptions = {},
): DerivedSettlement | Fault {
  const judged = judgeBatch(evidence, options)
  if (!judged.ok) return judged
  const { quorumId, aggregator } = evidence[0]!.terms
  const { chainId, escrow } = evidence[0]!.market
  if (chainId !== market.chainId || escrow !== market.escrow) return fault('batch-mixed', { chainId, escrow })
  const { jobs } = judged
  const results = jobs.flatMap(acceptedResults)
  const settlement = {
    orders: jobs
      .map(({ orderId, bill }) => ({ orderId, charged: bill.chargedUsdc }))
      .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1)),
    payouts: sumPayouts(evidence, jobs),
    fee: sumUsdc(jobs.map(({ bill }) => bill.feeUsdc)),
    resultsRoot: deriveResultsRoot(results),
  }
  return { ok: true, settlement, quorumId, aggregator, results, jobs }
}

/** The struct whose digest the quorum signs. */
export function toBatch({
  settlement,
  quorumId,
  aggregator,
}: {
  readonly settlement: Omit<Settlement, 'signatures'>
  readonly quorumId: QuorumId
  readonly aggregator: Address
}): SettlementBatch {
  const ordersHash = derivePackedHash(packOrders(settlement.orders))
  const tabsHash = derivePackedHash(packTabs([]))
  const payoutsHash = derivePackedHash(packPayouts(settlement.payouts))
  const { fee, resultsRoot } = settlement
  return { aggregator, quorumId, ordersHash, tabsHash, payoutsHash, fee, resultsRoot }
}

const acceptedResults = ({ orderId, shards }: JudgedEvidence): ShardResult[] =>
  shards.flatMap(({ shard, accepted }) => {
    if (accepted === undefined) return []
    const { attempt, provider, commitment } = accepted.commit
    return { orderId, shard, attempt, provider, commitment }
  })

function sumPayouts(evidence: readonly JobEvidence[], jobs: readonly JudgedEvidence[]): Payout[] {
  const indices = new Map(evidence.flatMap(({ operators }) => operators.map(({ address, index }) => [address, index])))
  const amounts = new Map<OperatorIndex, UsdcBase>()
  for (const { bill } of jobs) {
    for (const { address, amount } of bill.payees) {
      // `judgeEvidence` made sure that every payee has a number.
      const index = indices.get(address)!
      amounts.set(index, addUsdc(amounts.get(index) ?? usdc(0n), amount))
    }
  }
  return [...amounts].map(([index, amount]) => ({ index, amount })).toSorted((a, b) => a.index - b.index)
}
