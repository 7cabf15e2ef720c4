import type { Sent } from '@assay/core'
import { MarketError, type PrivateKey } from '@assay/protocol'
import {
  encodeFunctionData,
  keccak256,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  WaitForTransactionReceiptTimeoutError,
  type Abi,
  type Address,
  type Hex,
  type PublicClient,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { callChain } from './chain-error.ts'
import { chainLimits } from './limits.ts'
import type { LoggedTransaction, TransactionLog } from './transaction-log.ts'

/** One contract call to be made exactly once. */
export interface Effect {
  /** Same key, same effect: calling again continues the transaction that was signed first. */
  readonly key: string
  readonly what: string
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

/** Sends the transactions of one key, one nonce after the other. */
export interface Transactor {
  readonly address: Address
  /** Resolves once the effect's transaction is in a block. Throws the typed revert, `transaction-unconfirmed`, `rpc-unavailable`. */
  send(effect: Effect, signal: AbortSignal): Promise<Sent>
}

/** Owns the nonce of a hot key. Transactions that an earlier life signed but did not see confirmed are sent again first. */
export function createTransactor(client: PublicClient, privateKey: PrivateKey, log: TransactionLog): Transactor {
  const account = privateKeyToAccount(privateKey)
  let turn: Promise<unknown> = resend(client, log)
  /** Nonces are given out one at a time. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }
  const sign = async (effect: Effect): Promise<LoggedTransaction> => {
    const { address, abi, functionName, args } = effect
    await client.simulateContract({ account, address, abi, functionName, args })
    const data = encodeFunctionData({ abi, functionName, args })
    const [gas, fees, nonce, chainId] = await Promise.all([
      client.estimateGas({ account, to: address, data }),
      client.estimateFeesPerGas(),
      client.getTransactionCount({ address: account.address, blockTag: 'pending' }),
      client.getChainId(),
    ])
    const limit = gas + (gas * chainLimits.gasMarginPercent) / 100n
    const { maxFeePerGas, maxPriorityFeePerGas } = fees
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId,
      to: address,
      data,
      nonce,
      gas: limit,
      maxFeePerGas,
      maxPriorityFeePerGas,
    })
    return { key: effect.key, nonce, raw, hash: keccak256(raw) }
  }
  const launch = (effect: Effect): Promise<LoggedTransaction> =>
    inTurn(async () => {
      const known = log.find(effect.key)
      if (known !== undefined && (await isAlive(client, known, account.address))) return known
      const entry = await sign(effect)
      log.save(entry)
      await broadcast(client, entry.raw)
      return entry
    })
  return {
    address: account.address,
    async send(effect, signal) {
      const entry = await callChain(effect.what, signal, () => launch(effect))
      const receipt = await callChain(effect.what, signal, () => waitForReceipt(client, entry.hash, effect.what))
      if (receipt.status !== 'success') {
        log.drop(effect.key)
        throw new MarketError('transaction-reverted', `${effect.what} was reverted in its block`, {
          details: { hash: entry.hash },
        })
      }
      log.confirm(effect.key)
      return {
        transactionHash: receipt.transactionHash,
        blockNumber: Number(receipt.blockNumber),
        gasUsed: Number(receipt.gasUsed),
      }
    },
  }
}

async function resend(client: PublicClient, log: TransactionLog): Promise<void> {
  const entries = log.unconfirmed().toSorted((a, b) => a.nonce - b.nonce)
  for (const entry of entries) await broadcast(client, entry.raw).catch(() => undefined)
}

/** Sends raw bytes; a node that has them already is content. */
async function broadcast(client: PublicClient, raw: Hex): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction: raw })
  } catch (error) {
    const text = error instanceof Error ? error.message.toLowerCase() : ''
    if (!text.includes('already known') && !text.includes('known transaction') && !text.includes('nonce too low'))
      throw error
  }
}

/** Whether a signed transaction is in a block or can still get there. */
async function isAlive(client: PublicClient, entry: LoggedTransaction, address: Address): Promise<boolean> {
  const receipt = await client.getTransactionReceipt({ hash: entry.hash }).catch(absent)
  if (receipt !== undefined) return receipt.status === 'success'
  if ((await client.getTransaction({ hash: entry.hash }).catch(absent)) !== undefined) return true
  if ((await client.getTransactionCount({ address, blockTag: 'latest' })) > entry.nonce) return false
  await broadcast(client, entry.raw)
  return true
}

function absent(error: unknown): undefined {
  if (error instanceof TransactionNotFoundError || error instanceof TransactionReceiptNotFoundError) return undefined
  throw error
}

async function waitForReceipt(client: PublicClient, hash: Hex, what: string) {
  try {
    return await client.waitForTransactionReceipt({ hash, timeout: chainLimits.confirmMs })
  } catch (error) {
    if (!(error instanceof WaitForTransactionReceiptTimeoutError)) throw error
    throw new MarketError('transaction-unconfirmed', `${what} is not in a block yet`, {
      details: { hash },
      cause: error,
    })
  }
}
