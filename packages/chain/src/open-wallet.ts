import type { ChainWriter, Sent, SignedAcceptance } from '@assay/core'
import { concatSignatures } from './concat-signatures.ts'
import {
  asAddress,
  deriveAcceptanceDigest,
  deriveDepositAddress,
  deriveOrderId,
  deriveVerdictDigest,
  deriveVerdictId,
  derivePackedHash,
  packPayouts,
  type OperatorIndex,
  type OrderTerms,
  type PrivateKey,
} from '@assay/protocol'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { callChain } from './chain-error.ts'
import { encodeBatch } from './encode-batch.ts'
import { createDisputeWriter } from './dispute-writer.ts'
import type { Chain } from './open-chain.ts'
import type { TransactionLog } from './transaction-log.ts'
import { createTransactor, type Resumed, type Transactor } from './transactor.ts'
import type { TransactorOptions } from './transactor-options.ts'

/** A hot key's writes, and what an earlier life of it left open. */
export interface Wallet extends ChainWriter {
  /** Takes what the log holds open to its end; call it once at start. What is asked for again goes on without it. */
  resume(signal: AbortSignal): Promise<readonly Resumed[]>
}

/** Writes of one hot key on one market. The key never leaves the closure. */
export function openWallet(
  chain: Chain,
  privateKey: PrivateKey,
  log: TransactionLog,
  options: TransactorOptions = {},
): Wallet {
  const { reader } = chain
  const { market } = reader
  const transactor = createTransactor(chain, privateKey, log, options)
  const escrow = { address: market.escrow, abi: escrowAbi } as const
  const disputes = { address: market.disputes, abi: disputesAbi } as const
  const idOf = (terms: OrderTerms) => deriveOrderId(market, terms)
  return {
    address: asAddress(transactor.address),
    resume: (signal) => transactor.resume(signal),
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
    fundFromDepositAddress(terms, signal) {
      const effect = { ...escrow, key: `fund:${idOf(terms)}`, what: 'funding the order from its deposit address' }
      return transactor.send({ ...effect, functionName: 'fundFromDepositAddress', args: [terms] }, signal)
    },
    sweepToClient: (terms, signal) => sweepToClient(chain, transactor, terms, signal),
    settle(signed, signal) {
      const { batch, digest } = encodeBatch(market, signed)
      const args = [batch, concatSignatures(digest, signed.signatures)]
      return transactor.send(
        { ...escrow, key: `settle:${digest}`, what: 'settling the batch', functionName: 'settle', args },
        signal,
      )
    },
    settleByClient: (terms, acceptance, signal) => settleByClient(chain, transactor, { terms, acceptance }, signal),
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
      const id = deriveVerdictId(verdict)
      // A slash that is taken over several days is several effects.
      const collected = (await reader.verdictRecord(id, signal))?.collected ?? 0n
      const effect = { ...disputes, key: `finalize:${id}:${collected}`, what: 'finalising the verdict' }
      return transactor.send({ ...effect, functionName: 'finalizeVerdict', args: [id] }, signal)
    },
    ...createDisputeWriter(chain, transactor),
    withdrawEarnings: (index, signal) => withdrawEarnings(chain, transactor, index, signal),
  }
}

async function settleByClient(
  { reader }: Chain,
  transactor: Transactor,
  { terms, acceptance }: { readonly terms: OrderTerms; readonly acceptance: SignedAcceptance },
  signal: AbortSignal,
): Promise<Sent> {
  const { market } = reader
  const { fee, payouts, resultsRoot, signature } = acceptance
  const packed = packPayouts(payouts)
  const signed = { orderId: deriveOrderId(market, terms), payoutsHash: derivePackedHash(packed), fee, resultsRoot }
  const effect = {
    address: market.escrow,
    abi: escrowAbi,
    key: `accept:${deriveAcceptanceDigest(market, signed)}`,
    what: 'settling by acceptance',
    functionName: 'settleByClient',
    args: [terms, packed, fee, resultsRoot, signature],
  }
  return transactor.send(effect, signal)
}

/** Money can arrive again and again: each balance is an effect of its own. */
async function sweepToClient(
  { client, reader }: Chain,
  transactor: Transactor,
  terms: OrderTerms,
  signal: AbortSignal,
): Promise<Sent> {
  const { market } = reader
  const orderId = deriveOrderId(market, terms)
  const [amount, block] = await Promise.all([
    reader.usdcBalance(deriveDepositAddress(market, orderId), signal),
    callChain('reading the newest block', signal, () => client.getBlockNumber()),
  ])
  const effect = {
    address: market.escrow,
    abi: escrowAbi,
    key: `sweep:${orderId}:${amount}:${block}`,
    what: 'sweeping the deposit address',
    functionName: 'sweepToClient',
    args: [terms, market.token],
  }
  return transactor.send(effect, signal)
}

/** Earnings come again and again: each balance is an effect of its own. */
async function withdrawEarnings(
  { client, reader }: Chain,
  transactor: Transactor,
  index: OperatorIndex,
  signal: AbortSignal,
): Promise<Sent> {
  const [amount, block] = await Promise.all([
    reader.earnings(index, signal),
    callChain('reading the newest block', signal, () => client.getBlockNumber()),
  ])
  const effect = {
    address: reader.market.escrow,
    abi: escrowAbi,
    key: `withdraw:${index}:${amount}:${block}`,
    what: 'withdrawing earnings',
    functionName: 'withdrawEarnings',
    args: [index],
  }
  return transactor.send(effect, signal)
}
