import type { ChainMarket, ChainOperator, ChainOrder, ChainReader } from '@assay/core'
import {
  asAddress,
  asHash,
  basisPoints,
  deriveVerdictId,
  unixSeconds,
  usdc,
  type Address,
  operatorIndex,
  quorumId,
  type SettlementProof,
} from '@assay/protocol'
import { getAbiItem, type PublicClient } from 'viem'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'
import { usdcAbi } from './abi/usdc.ts'
import { callChain } from './chain-error.ts'
import { createDisputeReader, readVerdict } from './dispute-reader.ts'
import { readQuorum } from './read-quorum.ts'

const orderStatuses = ['none', 'funded', 'settled', 'refunded'] as const
const roles = { provider: 1, validator: 2, aggregator: 4 } as const

/** Reads of one market through a viem client. */
export function createReader(client: PublicClient, market: ChainMarket, fromBlock: bigint): ChainReader {
  const escrow = { address: market.escrow, abi: escrowAbi } as const
  const disputes = { address: market.disputes, abi: disputesAbi } as const
  const quorums = { address: market.quorums, abi: quorumsAbi } as const
  return {
    market,
    now: (signal) =>
      callChain('reading the newest block', signal, async () =>
        unixSeconds(Number((await client.getBlock()).timestamp)),
      ),
    order: (orderId, signal) =>
      callChain('reading the order', signal, async (): Promise<ChainOrder> => {
        const order = await client.readContract({ ...escrow, functionName: 'order', args: [orderId] })
        return {
          status: orderStatuses[order.status] ?? 'none',
          remaining: usdc(order.remaining),
          settleBy: unixSeconds(order.settleBy),
          refundAt: unixSeconds(order.refundAt),
          quorumId: order.quorumId === 0 ? undefined : quorumId(order.quorumId),
          feeBps: basisPoints(order.feeBps),
        }
      }),
    operator: (address, signal) =>
      callChain('reading the operator', signal, () => readOperator(client, market.stakes, address)),
    quorum: (id, signal) => callChain('reading the quorum', signal, () => readQuorum(client, quorums, id)),
    usdcBalance: (owner, signal) =>
      callChain('reading the balance', signal, async () =>
        usdc(
          await client.readContract({ address: market.token, abi: usdcAbi, functionName: 'balanceOf', args: [owner] }),
        ),
      ),
    earnings: (index, signal) =>
      callChain('reading the earnings', signal, async () =>
        usdc(await client.readContract({ ...escrow, functionName: 'earningsOf', args: [index] })),
      ),
    credit: (owner, signal) =>
      callChain('reading the credit', signal, async () => {
        const [fees, rewards] = await Promise.all([
          client.readContract({ ...escrow, functionName: 'credit', args: [owner] }),
          client.readContract({ ...disputes, functionName: 'credit', args: [owner] }),
        ])
        return usdc(fees + rewards)
      }),
    settlementOf: (orderId, signal) =>
      callChain('searching the settlement', signal, async (): Promise<SettlementProof | undefined> => {
        const event = getAbiItem({ abi: escrowAbi, name: 'OrderSettled' })
        const [found] = await client.getLogs({ address: market.escrow, event, args: { orderId }, fromBlock })
        if (found === undefined) return undefined
        const receipt = await client.getTransactionReceipt({ hash: found.transactionHash })
        const { transactionHash, blockNumber, gasUsed } = receipt
        return { transactionHash: asHash(transactionHash), blockNumber: Number(blockNumber), gasUsed: Number(gasUsed) }
      }),
    verdictStatus: (verdict, signal) =>
      callChain('reading the verdict', signal, async () => {
        const record = await readVerdict(client, market, deriveVerdictId(verdict))
        return record?.status ?? 'none'
      }),
    ...createDisputeReader(client, market, fromBlock),
  }
}

async function readOperator(
  client: PublicClient,
  stakes: Address,
  address: Address,
): Promise<ChainOperator | undefined> {
  const view = await client.readContract({ address: stakes, abi: stakesAbi, functionName: 'operator', args: [address] })
  if (view.index === 0) return undefined
  return {
    address,
    index: operatorIndex(view.index),
    payout: asAddress(view.payout),
    provider: (view.roles & roles.provider) !== 0,
    validator: (view.roles & roles.validator) !== 0,
    aggregator: (view.roles & roles.aggregator) !== 0,
    stake: usdc(view.active + view.unbonding),
    unbonding: usdc(view.unbonding),
  }
}
