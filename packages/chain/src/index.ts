/** The chain through viem: reads, idempotent writes, payments. */
export { toChainError } from './chain-error.ts'
export { openChain, type Chain, type ChainOptions } from './open-chain.ts'
export { openOperatorAccount, type OperatorAccount, type StakeRequest } from './operator-account.ts'
export { openWallet } from './open-wallet.ts'
export { derivePaymentDigest, signPayment } from './payment-authorization.ts'
export { createMemoryLog, type LoggedTransaction, type TransactionLog } from './transaction-log.ts'
