/** Operators and their stake, as `IStakes` describes them. */
import type { Hex } from 'viem'

import { requireIntake } from './intake.ts'
import { type Done, type Market, type Operator, ZERO_ADDRESS, put, withStakes } from './market.ts'
import { overflow, revert } from './revert.ts'
import { ALL_ROLES, RULES } from './rules.ts'
import { paid, pulled, received } from './token.ts'

export interface StakePayment {
  readonly operator: Hex
  readonly amount: bigint
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly nonce: Hex
  readonly signature: Hex
}

export const operatorCountOf = (market: Market): number => market.stakes.operators.size

export function payoutOf(market: Market, index: number): Hex {
  for (const operator of market.stakes.operators.values()) if (operator.index === index) return operator.payout
  return ZERO_ADDRESS
}

/** Active stake that no pending verdict claims; claims take leaving stake first. */
export function freeStakeOf({ active, unbonding, claimed }: Operator): bigint {
  const beyond = claimed > unbonding ? claimed - unbonding : 0n
  return beyond < active ? active - beyond : 0n
}

function operatorOf(market: Market, address: Hex): Operator {
  const operator = market.stakes.operators.get(address)
  if (operator === undefined) throw revert('stakes', 'NotRegistered', address)
  return operator
}

// ── Registering ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function register(market: Market, caller: Hex, payout: Hex, roles: number): Done {
  requireIntake(market, 'stakes')
  const known = market.stakes.operators.get(caller)
  if (known !== undefined) throw revert('stakes', 'AlreadyRegistered', caller, known.index)
  if (payout === ZERO_ADDRESS) throw revert('stakes', 'ZeroPayout')
  requireRoles(roles)
  const index = operatorCountOf(market) + 1
  const nothing = { active: 0n, unbonding: 0n, unbondAt: 0, claimed: 0n, holds: 0, convictions: 0, slashed: 0n }
  return { market: withOperator(market, caller, { index, roles, payout, next: undefined, ...nothing }), answer: index }
}

export function updateProfile(market: Market, caller: Hex, roles: number): Done {
  const operator = operatorOf(market, caller)
  requireRoles(roles)
  return { market: withOperator(market, caller, { ...operator, roles }) }
}

// ── Stake in and out ──────────────────────────────────────────────────────────────────────────────────────────────────

export function stake(market: Market, caller: Hex, amount: bigint): Done {
  const staked = withMoreStake(market, caller, amount)
  return { market: pulled(staked, { from: caller, to: market.setting.stakes, amount }) }
}

/** Whoever submits it, the stake is its signer's. */
export function stakeWithAuthorization(market: Market, payment: StakePayment): Done {
  const { operator: from, amount: value, validAfter, validBefore, nonce, signature } = payment
  const staked = withMoreStake(market, from, value)
  const authorization = { from, to: market.setting.stakes, value, validAfter, validBefore, nonce }
  return { market: received(staked, authorization, signature) }
}

/** The delay starts again for all that is leaving. */
export function requestUnbond(market: Market, caller: Hex, amount: bigint): Done {
  const operator = operatorOf(market, caller)
  if (amount === 0n) throw revert('stakes', 'ZeroAmount')
  if (amount > operator.active) throw revert('stakes', 'InsufficientStake', operator.active, amount)
  const changes = {
    active: operator.active - amount,
    unbonding: sum(operator.unbonding, amount),
    unbondAt: market.now + market.setting.unbondingDelay,
  }
  return { market: withOperator(market, caller, { ...operator, ...changes }) }
}

export function cancelUnbond(market: Market, caller: Hex): Done {
  const operator = operatorOf(market, caller)
  if (operator.unbonding === 0n) throw revert('stakes', 'NothingUnbonding', operator.index)
  const changes = { active: sum(operator.active, operator.unbonding), unbonding: 0n, unbondAt: 0 }
  return { market: withOperator(market, caller, { ...operator, ...changes }) }
}

export function finishUnbond(market: Market, caller: Hex, to: Hex): Done {
  const operator = operatorOf(market, caller)
  const { index, unbonding: amount, unbondAt, holds } = operator
  if (amount === 0n) throw revert('stakes', 'NothingUnbonding', index)
  if (market.now < unbondAt) throw revert('stakes', 'TooEarly', unbondAt)
  if (holds > 0) throw revert('stakes', 'StakeHeld', index, holds)
  const left = withOperator(market, caller, { ...operator, unbonding: 0n, unbondAt: 0 })
  return { market: paid(left, { from: market.setting.stakes, to, amount }), answer: amount }
}

// ── What the disputes contract does, and nobody else ──────────────────────────────────────────────────────────────────

export function outsider(caller: Hex): never {
  throw revert('stakes', 'NotAllowed', caller)
}

/** A pending verdict asks for an amount. */
export function held(market: Market, address: Hex, amount: bigint): Market {
  const operator = operatorOf(market, address)
  return withOperator(market, address, {
    ...operator,
    holds: operator.holds + 1,
    claimed: operator.claimed + amount,
  })
}

/** A verdict is no longer pending. */
export function released(market: Market, address: Hex, amount: bigint, convicted: boolean): Market {
  const operator = operatorOf(market, address)
  return withOperator(market, address, {
    ...operator,
    holds: operator.holds - 1,
    claimed: operator.claimed - amount,
    convictions: operator.convictions + (convicted ? 1 : 0),
  })
}

/** Takes leaving stake first, then active, all there is at most, and sends it to the disputes contract. */
export function slashed(market: Market, address: Hex, asked: bigint): { market: Market; taken: bigint } {
  const operator = operatorOf(market, address)
  const fromUnbonding = smaller(asked, operator.unbonding)
  const fromActive = smaller(asked - fromUnbonding, operator.active)
  const taken = fromUnbonding + fromActive
  const unbonding = operator.unbonding - fromUnbonding
  const after = withOperator(market, address, {
    ...operator,
    active: operator.active - fromActive,
    unbonding,
    unbondAt: unbonding === 0n ? 0 : operator.unbondAt,
    slashed: operator.slashed + taken,
  })
  if (taken === 0n) return { market: after, taken }
  const { stakes, disputes } = market.setting
  return { market: paid(after, { from: stakes, to: disputes, amount: taken }), taken }
}

// ── Payout address ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Replaces a change under way. */
export function requestPayoutChange(market: Market, caller: Hex, payout: Hex): Done {
  const operator = operatorOf(market, caller)
  if (payout === ZERO_ADDRESS) throw revert('stakes', 'ZeroPayout')
  const next = { payout, effectiveAt: market.now + market.setting.unbondingDelay }
  return { market: withOperator(market, caller, { ...operator, next }) }
}

/** By the operator or by the payout address that would be replaced. */
export function cancelPayoutChange(market: Market, caller: Hex, address: Hex): Done {
  const operator = operatorOf(market, address)
  if (caller !== address && caller !== operator.payout) throw revert('stakes', 'NotAllowed', caller)
  if (operator.next === undefined) throw revert('stakes', 'NoPayoutChange', operator.index)
  return { market: withOperator(market, address, { ...operator, next: undefined }) }
}

export function finishPayoutChange(market: Market, address: Hex): Done {
  const operator = operatorOf(market, address)
  const { index, next } = operator
  if (next === undefined) throw revert('stakes', 'NoPayoutChange', index)
  if (market.now < next.effectiveAt) throw revert('stakes', 'TooEarly', next.effectiveAt)
  return { market: withOperator(market, address, { ...operator, payout: next.payout, next: undefined }) }
}

function withMoreStake(market: Market, address: Hex, amount: bigint): Market {
  const operator = operatorOf(market, address)
  if (amount === 0n) throw revert('stakes', 'ZeroAmount')
  return withOperator(market, address, { ...operator, active: sum(operator.active, amount) })
}

function requireRoles(roles: number): void {
  if (roles < 1 || roles > ALL_ROLES) throw revert('stakes', 'BadRoles', roles)
}

function withOperator(market: Market, address: Hex, operator: Operator): Market {
  return withStakes(market, { operators: put(market.stakes.operators, address, operator) })
}

/** More than 64 bits hold is more USDC than there will be; the contract stops there. */
function sum(a: bigint, b: bigint): bigint {
  if (a + b > RULES.maxUint64) throw overflow()
  return a + b
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
