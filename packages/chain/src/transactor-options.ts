import type { PublicClient } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { chainLimits } from './limits.ts'
import type { Finality } from './read-final-block.ts'
import type { TransactionLog } from './transaction-log.ts'

/** Connections to one chain. */
export interface Connection {
  /** Asks the URLs one after the other until one answers. */
  readonly client: PublicClient
  /** One for each URL: what is signed goes to all of them, and what must not be missed is asked of each. */
  readonly clients: readonly PublicClient[]
  readonly chainId: number
}

/** Each is by default what `chainLimits` says, with the reason for its number. */
export interface TransactorOptions {
  readonly confirmations?: number
  readonly confirmMs?: number
  readonly stuckMs?: number
  readonly rebroadcastMs?: number
  readonly maxInFlight?: number
  readonly maxReplacements?: number
  /** Wei for one unit of gas, priority fee included. */
  readonly maxFeePerGas?: bigint
  /** Wei for all gas of one transaction. */
  readonly maxTransactionFee?: bigint
  /** When a block counts as final; default: the node's word for it. */
  readonly finality?: Finality
}

/** What the parts of a transactor share. */
export interface TransactorContext extends Connection {
  readonly account: PrivateKeyAccount
  readonly log: TransactionLog
  readonly options: Required<TransactorOptions>
}

export const withDefaults = (options: TransactorOptions): Required<TransactorOptions> => ({
  confirmations: chainLimits.confirmations,
  confirmMs: chainLimits.confirmMs,
  stuckMs: chainLimits.stuckMs,
  rebroadcastMs: chainLimits.rebroadcastMs,
  maxInFlight: chainLimits.maxInFlight,
  maxReplacements: chainLimits.maxReplacements,
  maxFeePerGas: chainLimits.maxFeePerGas,
  maxTransactionFee: chainLimits.maxTransactionFee,
  finality: 'finalized',
  ...options,
})
