/** The chain through viem: reads, idempotent writes, events, payments. */
export { decodeRevert, toChainError, type Revert } from './chain-error.ts'
export { checkToken, type ExpectedToken } from './check-token.ts'
export {
  followEvents,
  type ChainCursor,
  type EventSource,
  type FollowOptions,
  type FollowStep,
} from './follow-events.ts'
export type { EventPlace, MarketContracts, MarketEvent } from './market-events.ts'
export { networkOf, networks, type Network, type NetworkMarket, type NetworkToken } from './networks.ts'
export { openChain, type Chain, type ChainOptions } from './open-chain.ts'
export { openOperatorAccount, type OperatorAccount, type StakeRequest } from './operator-account.ts'
export { openWallet, type Wallet } from './open-wallet.ts'
export { derivePaymentDigest, signPayment } from './payment-authorization.ts'
export type { Finality } from './read-final-block.ts'
export {
  createMemoryLog,
  type EffectState,
  type Intent,
  type LoggedEffect,
  type SignedTransaction,
  type TransactionLog,
} from './transaction-log.ts'
export type { Resumed } from './transactor.ts'
export type { TransactorOptions } from './transactor-options.ts'
