/** The token: USDC as `IUsdc` and `TestUsdc` describe it, with its blacklist, its pause and its authorizations. */
import type { Hex } from 'viem'

import { type Authorization, authorizationDigest, cancellationDigest } from './digests.ts'
import { type Done, type Market, ZERO_ADDRESS, add, keyOf, put } from './market.ts'
import { tokenSays, unlessRefused } from './revert.ts'
import { agreed } from './signatures.ts'

export interface Token {
  readonly balances: ReadonlyMap<Hex, bigint>
  /** By `keyOf(owner, spender)`. */
  readonly allowances: ReadonlyMap<string, bigint>
  readonly blacklisted: ReadonlySet<Hex>
  readonly paused: boolean
  /** Authorizations used or cancelled, by `keyOf(authorizer, nonce)`. */
  readonly used: ReadonlySet<string>
}

/** A payment out of or into a contract of the market. */
export interface Payment {
  readonly from: Hex
  readonly to: Hex
  readonly amount: bigint
}

export const balanceOf = (token: Token, account: Hex): bigint => token.balances.get(account) ?? 0n

/** Moves money, or refuses: paused, to nobody, blacklisted, not enough. */
export function moved(token: Token, { from, to, amount }: Payment): Token {
  if (token.paused) throw tokenSays('Pausable: paused')
  if (to === ZERO_ADDRESS) throw tokenSays('ERC20: transfer to the zero address')
  if (token.blacklisted.has(from) || token.blacklisted.has(to)) {
    throw tokenSays('Blacklistable: account is blacklisted')
  }
  if (balanceOf(token, from) < amount) throw tokenSays('ERC20: transfer amount exceeds balance')
  return { ...token, balances: add(add(token.balances, from, -amount), to, amount) }
}

/** A payment in USDC. */
export const paid = (market: Market, payment: Payment): Market => ({ ...market, token: moved(market.token, payment) })

/** A payment that the token may refuse; then the market stays as it was. */
export function tryPaid(market: Market, payment: Payment): { readonly market: Market; readonly went: boolean } {
  const token = unlessRefused(() => moved(market.token, payment))
  return token === undefined ? { market, went: false } : { market: { ...market, token }, went: true }
}

/** A payment that the receiver pulls with the payer's allowance. */
export function pulled(market: Market, { from, to, amount }: Payment): Market {
  const key = keyOf(from, to)
  const allowed = market.token.allowances.get(key) ?? 0n
  if (allowed < amount) throw tokenSays('ERC20: transfer amount exceeds allowance')
  const token = moved(market.token, { from, to, amount })
  return { ...market, token: { ...token, allowances: put(token.allowances, key, allowed - amount) } }
}

/** A payment that the receiver pulls with the payer's EIP-3009 authorization. */
export function received(market: Market, authorization: Authorization, signature: Hex): Market {
  const { setting, token, now } = market
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  if (BigInt(now) <= validAfter) throw tokenSays('FiatTokenV2: authorization is not yet valid')
  if (BigInt(now) >= validBefore) throw tokenSays('FiatTokenV2: authorization is expired')
  requireUnused(token, from, nonce)
  if (!agreed(setting, from, authorizationDigest(setting, authorization), signature)) {
    throw tokenSays('FiatTokenV2: invalid signature')
  }
  const used = new Set(token.used).add(keyOf(from, nonce))
  return { ...market, token: { ...moved(token, { from, to, amount: value }), used } }
}

// ── What accounts do with their own money ─────────────────────────────────────────────────────────────────────────────

export function transfer(market: Market, from: Hex, to: Hex, amount: bigint): Done {
  return { market: paid(market, { from, to, amount }), answer: true }
}

export function transferOther(market: Market, from: Hex, to: Hex, amount: bigint): Done {
  return { market: { ...market, otherToken: moved(market.otherToken, { from, to, amount }) }, answer: true }
}

export function approve(market: Market, owner: Hex, spender: Hex, amount: bigint): Done {
  const allowances = put(market.token.allowances, keyOf(owner, spender), amount)
  return { market: { ...market, token: { ...market.token, allowances } }, answer: true }
}

export function cancelAuthorization(market: Market, authorizer: Hex, nonce: Hex, signature: Hex): Done {
  const { setting, token } = market
  requireUnused(token, authorizer, nonce)
  if (!agreed(setting, authorizer, cancellationDigest(setting, authorizer, nonce), signature)) {
    throw tokenSays('FiatTokenV2: invalid signature')
  }
  const used = new Set(token.used).add(keyOf(authorizer, nonce))
  return { market: { ...market, token: { ...token, used } } }
}

// ── What its issuer does; in the test token, anybody ──────────────────────────────────────────────────────────────────

export function mint(market: Market, to: Hex, amount: bigint): Done {
  return { market: { ...market, token: minted(market.token, to, amount) } }
}

export function mintOther(market: Market, to: Hex, amount: bigint): Done {
  return { market: { ...market, otherToken: minted(market.otherToken, to, amount) } }
}

export function setPaused(market: Market, paused: boolean): Done {
  return { market: { ...market, token: { ...market.token, paused } } }
}

export function setBlacklisted(market: Market, account: Hex, on: boolean): Done {
  const blacklisted = new Set(market.token.blacklisted)
  if (on) blacklisted.add(account)
  else blacklisted.delete(account)
  return { market: { ...market, token: { ...market.token, blacklisted } } }
}

const minted = (token: Token, to: Hex, amount: bigint): Token => ({
  ...token,
  balances: add(token.balances, to, amount),
})

function requireUnused(token: Token, authorizer: Hex, nonce: Hex): void {
  if (token.used.has(keyOf(authorizer, nonce))) throw tokenSays('FiatTokenV2: authorization is used or canceled')
}
