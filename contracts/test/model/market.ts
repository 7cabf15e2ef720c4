/** The market as plain data: everything that the four contracts and the token are documented to remember. */
import type { Hex } from 'viem'

import type { Quorum } from './quorums.ts'
import type { Token } from './token.ts'

/** What is fixed when the market is deployed. Addresses are lowercase. */
export interface Setting {
  readonly chainId: number
  readonly escrow: Hex
  readonly stakes: Hex
  readonly quorums: Hex
  readonly disputes: Hex
  readonly token: Hex
  /** A token that the market does not use, which can still end up at a deposit address. */
  readonly otherToken: Hex
  /** What every deposit address is a clone of. */
  readonly depositAccount: Hex
  readonly guardian: Hex
  readonly unbondingDelay: number
  readonly appealWindow: number
  readonly rulingWindow: number
  readonly dailySlashCap: bigint
  readonly minStake: bigint
  /** Contract wallets, and the keys that sign for them under ERC-1271. */
  readonly wallets: ReadonlyMap<Hex, Hex>
}

export interface OrderTerms {
  readonly client: Hex
  readonly aggregator: Hex
  readonly maxAmount: bigint
  readonly settleBy: number
  readonly refundAt: number
  readonly quorumId: number
  readonly feeBps: number
  readonly specHash: Hex
  readonly salt: Hex
}

export type OrderStatus = 'funded' | 'settled' | 'refunded'

export interface Order {
  readonly status: OrderStatus
  readonly remaining: bigint
  readonly settleBy: number
  readonly refundAt: number
  readonly quorumId: number
  readonly feeBps: number
}

export interface Tab {
  readonly deposited: bigint
  readonly spent: bigint
  readonly exiting: bigint
  readonly exitAt: number
  readonly generation: number
}

/** A guardian's stop. */
export interface Intake {
  readonly stoppedUntil: number
  readonly restsUntil: number
}

export interface Escrow {
  readonly orders: ReadonlyMap<Hex, Order>
  /** By `keyOf(client, aggregator)`. */
  readonly tabs: ReadonlyMap<string, Tab>
  /** Earnings by operator number. */
  readonly ledger: ReadonlyMap<number, bigint>
  readonly credit: ReadonlyMap<Hex, bigint>
  /** Deposit addresses that hold code. */
  readonly accounts: ReadonlySet<Hex>
  readonly intake: Intake
}

export interface Operator {
  readonly index: number
  readonly roles: number
  readonly payout: Hex
  readonly active: bigint
  readonly unbonding: bigint
  /** 0 if nothing is leaving. */
  readonly unbondAt: number
  /** The payout change under way. */
  readonly next: { readonly payout: Hex; readonly effectiveAt: number } | undefined
  readonly claimed: bigint
  readonly holds: number
  readonly convictions: number
  readonly slashed: bigint
}

export interface Stakes {
  readonly operators: ReadonlyMap<Hex, Operator>
  readonly intake: Intake
}

export type VerdictStatus = 'pending' | 'appealed' | 'final'

export interface VerdictRecord {
  readonly status: VerdictStatus
  readonly outcome: number
  readonly guilty: boolean
  readonly round: number
  readonly closesAt: number
  readonly slash: bigint
  readonly collected: bigint
  readonly quorumId: number
  readonly accused: Hex
  readonly bond: bigint
  readonly benchId: number
  readonly detector: Hex
  readonly client: Hex
  readonly appellant: Hex
}

export interface Disputes {
  readonly verdicts: ReadonlyMap<Hex, VerdictRecord>
  readonly credit: ReadonlyMap<Hex, bigint>
  readonly fund: bigint
  /** What each quorum's verdicts took on the last day on which they took anything. */
  readonly days: ReadonlyMap<number, { readonly number: number; readonly taken: bigint }>
}

export interface Market {
  readonly setting: Setting
  /** Unix time of the block. */
  readonly now: number
  readonly token: Token
  readonly otherToken: Token
  readonly escrow: Escrow
  readonly stakes: Stakes
  /** Quorum `n` is at `n - 1`. */
  readonly quorums: readonly Quorum[]
  readonly disputes: Disputes
}

/** A market after a call that went through, and what the call answered. */
export interface Done {
  readonly market: Market
  readonly answer?: unknown
}

export const ZERO_ADDRESS: Hex = '0x0000000000000000000000000000000000000000'

/** A market just deployed. */
export function createMarket(setting: Setting, now: number): Market {
  const token = {
    balances: new Map(),
    allowances: new Map(),
    blacklisted: new Set<Hex>(),
    paused: false,
    used: new Set<string>(),
  }
  const intake = { stoppedUntil: 0, restsUntil: 0 }
  return {
    setting,
    now,
    token,
    otherToken: token,
    escrow: {
      orders: new Map(),
      tabs: new Map(),
      ledger: new Map(),
      credit: new Map(),
      accounts: new Set(),
      intake,
    },
    stakes: { operators: new Map(), intake },
    quorums: [],
    disputes: { verdicts: new Map(), credit: new Map(), fund: 0n, days: new Map() },
  }
}

export const withEscrow = (market: Market, changes: Partial<Escrow>): Market => ({
  ...market,
  escrow: { ...market.escrow, ...changes },
})
export const withStakes = (market: Market, changes: Partial<Stakes>): Market => ({
  ...market,
  stakes: { ...market.stakes, ...changes },
})
export const withDisputes = (market: Market, changes: Partial<Disputes>): Market => ({
  ...market,
  disputes: { ...market.disputes, ...changes },
})

/** A key of two addresses, or of an address and a nonce. */
export const keyOf = (first: Hex, second: Hex): string => `${first}/${second}`

export function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value)
}

export function add<K>(map: ReadonlyMap<K, bigint>, key: K, amount: bigint): ReadonlyMap<K, bigint> {
  return put(map, key, (map.get(key) ?? 0n) + amount)
}
