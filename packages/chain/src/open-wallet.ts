import type { ChainWriter } from '@assay/core'
import { concatSignatures } from './concat-signatures.ts'
import {
  asAddress,
  deriveBatchDigest,
  deriveOrderId,
  derivePackedHash,
  deriveVerdictDigest,
  packOrders,
  packPayouts,
  packTabs,
  type OrderTerms,
  type PrivateKey,
} from '@assay/protocol'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { readVerdictId } from './create-reader.ts'
import type { Chain } from './open-chain.ts'
import type { TransactionLog } from './transaction-log.ts'
import { createTransactor } from './transactor.ts'

/** Writes of one hot key on one market. The key never leaves the closure. */
export function openWallet({ client, reader }: Chain, privateKey: PrivateKey, log: TransactionLog): ChainWriter {
  const { market } = reader
  const transactor = createTransactor(client, privateKey, log)
  const escrow = { address: market.escrow, abi: escrowAbi } as const
  const disputes = { address: market.disputes, abi: disputesAbi } as const
  const idOf = (terms: OrderTerms) => deriveOrderId(market, terms)
  return {
    address: asAddress(transactor.address),
    fundWithAuthorization: (terms, { validAfter, validBefore, signature }, signal) =>
      transactor.send(
        {
          ...escrow,
          key: `fund:${idOf(terms)}`,
          what: 'funding the order',
          functionName: 'fundWithAuthorization',
          args: [terms, BigInt(validAfter), BigInt(validBefore), signature],
        },
        signal,
      ),
    settle({ aggregator, quorumId, orders, payouts, fee, resultsRoot, signatures }, signal) {
      const packed = { orders: packOrders(orders), tabs: packTabs([]), payouts: packPayouts(payouts) }
      const hashes = {
        ordersHash: derivePackedHash(packed.orders),
        tabsHash: derivePackedHash(packed.tabs),
        payoutsHash: derivePackedHash(packed.payouts),
      }
      const digest = deriveBatchDigest(market, { aggregator, quorumId, fee, resultsRoot, ...hashes })
      const batch = { aggregator, quorumId, ...packed, fee, resultsRoot }
      const args = [batch, concatSignatures(digest, signatures)]
      return transactor.send(
        { ...escrow, key: `settle:${digest}`, what: 'settling the batch', functionName: 'settle', args },
        signal,
      )
    },
    refund: (terms, signal) =>
      transactor.send(
        { ...escrow, key: `refund:${idOf(terms)}`, what: 'refunding the order', functionName: 'refund', args: [terms] },
        signal,
      ),
    submitVerdict({ verdict, terms, commit }, signatures, signal) {
      const digest = deriveVerdictDigest(market, verdict)
      const { commitment, sealedHash, signature } = commit
      const args = [verdict, terms, { commitment, sealedHash, signature }, concatSignatures(digest, signatures)]
      return transactor.send(
        { ...disputes, key: `verdict:${digest}`, what: 'submitting the verdict', functionName: 'submitVerdict', args },
        signal,
      )
    },
    async finalizeVerdict(verdict, signal) {
      const id = await readVerdictId(client, market, verdict)
      return transactor.send(
        {
          ...disputes,
          key: `finalize:${id}`,
          what: 'finalising the verdict',
          functionName: 'finalizeVerdict',
          args: [id],
        },
        signal,
      )
    },
    withdrawEarnings: async (index, signal) => {
      // Earnings come again and again: each balance is an effect of its own.
      const [amount, block] = await Promise.all([reader.earnings(index, signal), client.getBlockNumber()])
      const key = `withdraw:${index}:${amount}:${block}`
      return transactor.send(
        { ...escrow, key, what: 'withdrawing earnings', functionName: 'withdrawEarnings', args: [index] },
        signal,
      )
    },
  }
}
