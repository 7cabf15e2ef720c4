/** Registers operators, moves their stake and their payout addresses, and creates quorums. */
import type { Hex } from 'viem'

import { authorizationDigest } from '../model/digests.ts'
import { type Operator, ZERO_ADDRESS } from '../model/market.ts'
import { CAST } from './cast.ts'
import {
  DAY,
  MAX_UINT64,
  type Move,
  type Scene,
  USDC,
  amountUpTo,
  around,
  mostly,
  pickFrom,
  quorumSigns,
  randomHash,
  signFor,
  somebody,
} from './scene.ts'

const OPERATORS = [...CAST.validators, ...CAST.providers, ...CAST.newcomers]
const RICH = CAST.clients.at(-1)?.address ?? ZERO_ADDRESS

function operatorsWhere({ market }: Scene, asked: (operator: Operator) => boolean): [Hex, Operator][] {
  return [...market.stakes.operators].filter(([, operator]) => asked(operator))
}

/** A registered operator, seldom somebody else. */
function someOperator(scene: Scene): Hex {
  const [address] = pickFrom(
    scene.rng,
    operatorsWhere(scene, () => true),
  ) ?? [ZERO_ADDRESS]
  return mostly(scene.rng, address, somebody(scene))
}

const register: Move = (scene) => {
  const { rng, market } = scene
  const strangers = [...CAST.newcomers.map(({ address }) => address), RICH]
  const waiting = strangers.filter((address) => !market.stakes.operators.has(address))
  const caller = (rng.chance(0.9) ? pickFrom(rng, waiting) : undefined) ?? rng.pick(OPERATORS).address
  const payout = mostly(rng, somebody(scene), ZERO_ADDRESS)
  return { caller, call: 'stakes.register', args: [payout, mostly(rng, 1 + rng.below(7), 0, 8, 255), randomHash(rng)] }
}

const updateProfile: Move = (scene) => {
  const roles = mostly(scene.rng, scene.rng.pick([1, 2, 3, 7]), 0, 8)
  return { caller: someOperator(scene), call: 'stakes.updateProfile', args: [roles, randomHash(scene.rng)] }
}

const stake: Move = (scene) => {
  const { rng } = scene
  const huge = rng.chance(0.05) && scene.market.stakes.operators.has(RICH)
  const amount = mostly(rng, amountUpTo(rng, 300n * USDC), 0n)
  return { caller: huge ? RICH : someOperator(scene), call: 'stakes.stake', args: [huge ? MAX_UINT64 : amount] }
}

const stakeWithAuthorization: Move = (scene) => {
  const { rng, market } = scene
  const { setting, now } = market
  const operator = someOperator(scene)
  const [amount, nonce] = [mostly(rng, amountUpTo(rng, 300n * USDC), 0n), randomHash(rng)]
  const [validAfter, validBefore] = [BigInt(mostly(rng, 0, now)), BigInt(mostly(rng, now + DAY, now))]
  const authorization = { from: operator, to: setting.stakes, value: amount, validAfter, validBefore, nonce }
  const signature = signFor(scene, operator, authorizationDigest(setting, authorization))
  const args: [Hex, bigint, bigint, bigint, Hex, Hex] = [operator, amount, validAfter, validBefore, nonce, signature]
  return { caller: somebody(scene), call: 'stakes.stakeWithAuthorization', args, at: now }
}

const requestUnbond: Move = (scene) => {
  const { rng } = scene
  const [address, operator] =
    pickFrom(
      rng,
      operatorsWhere(scene, ({ active }) => active > 0n),
    ) ?? []
  if (address === undefined || operator === undefined) return undefined
  const more = operator.active < MAX_UINT64 ? operator.active + 1n : 0n
  const amount = mostly(rng, amountUpTo(rng, operator.active), 0n, more)
  return { caller: mostly(rng, address, somebody(scene)), call: 'stakes.requestUnbond', args: [amount] }
}

const finishUnbond: Move = (scene) => {
  const { rng } = scene
  const [address, operator] =
    pickFrom(
      rng,
      operatorsWhere(scene, ({ unbonding }) => unbonding > 0n),
    ) ?? []
  if (address === undefined || operator === undefined) {
    return rng.chance(0.1)
      ? { caller: someOperator(scene), call: 'stakes.finishUnbond', args: [ZERO_ADDRESS] }
      : undefined
  }
  const to = mostly(rng, somebody(scene), ZERO_ADDRESS)
  return {
    caller: mostly(rng, address, somebody(scene)),
    call: 'stakes.finishUnbond',
    args: [to],
    at: around(scene, operator.unbondAt),
  }
}

const cancelUnbond: Move = (scene) => {
  const { rng } = scene
  const [address] =
    pickFrom(
      rng,
      operatorsWhere(scene, ({ unbonding }) => unbonding > 0n),
    ) ?? []
  if (address === undefined && !rng.chance(0.1)) return undefined
  return { caller: address ?? someOperator(scene), call: 'stakes.cancelUnbond', args: [] }
}

const requestPayoutChange: Move = (scene) => ({
  caller: someOperator(scene),
  call: 'stakes.requestPayoutChange',
  args: [mostly(scene.rng, somebody(scene), ZERO_ADDRESS)],
})

const finishPayoutChange: Move = (scene) => {
  const { rng } = scene
  const [address, operator] =
    pickFrom(
      rng,
      operatorsWhere(scene, ({ next }) => next !== undefined),
    ) ?? []
  if (address === undefined && !rng.chance(0.1)) return undefined
  const at = operator?.next === undefined ? undefined : around(scene, operator.next.effectiveAt)
  return { caller: somebody(scene), call: 'stakes.finishPayoutChange', args: [address ?? someOperator(scene)], at }
}

const cancelPayoutChange: Move = (scene) => {
  const { rng } = scene
  const [address, operator] =
    pickFrom(
      rng,
      operatorsWhere(scene, ({ next }) => next !== undefined),
    ) ?? []
  if (address === undefined || operator === undefined) {
    if (!rng.chance(0.1)) return undefined
    const other = someOperator(scene)
    return { caller: other, call: 'stakes.cancelPayoutChange', args: [other] }
  }
  const caller = mostly(rng, rng.chance(0.5) ? address : operator.payout, somebody(scene))
  const known = CAST.accounts.some((account) => account.address === caller)
  return { caller: known ? caller : address, call: 'stakes.cancelPayoutChange', args: [address] }
}

const meddle: Move = (scene) => {
  const { rng } = scene
  const [caller, operator, amount] = [somebody(scene), someOperator(scene), amountUpTo(rng, USDC)]
  const call = rng.pick(['stakes.hold', 'stakes.slash', 'stakes.release'] as const)
  if (call === 'stakes.release') return { caller, call, args: [operator, amount, rng.chance(0.5)] }
  return { caller, call, args: [operator, amount] }
}

const createQuorum: Move = (scene) => {
  const { rng, market } = scene
  const candidates = [...CAST.validators, ...(rng.chance(0.15) ? OPERATORS : [])].map(({ address }) => address)
  const chosen = [...new Set(candidates)].filter(() => rng.chance(0.6)).toSorted()
  const members = mostly(rng, chosen, chosen.toReversed(), [...chosen, ...chosen], Array(65).fill(RICH) as Hex[])
  const majority = Math.floor(members.length / 2) + 1
  const threshold = mostly(rng, majority + rng.below(Math.max(1, members.length - majority + 1)), majority - 1, 200)
  const appealId = rng.chance(0.5)
    ? 0
    : mostly(rng, 1 + rng.below(2), 1 + rng.below(market.quorums.length), market.quorums.length + 1)
  return { caller: somebody(scene), call: 'quorums.createQuorum', args: [members, threshold, appealId] }
}

const verify: Move = (scene) => {
  const { rng, market } = scene
  const id = mostly(rng, 1 + rng.below(market.quorums.length), 0, market.quorums.length + 1)
  const digest = randomHash(rng)
  return { caller: somebody(scene), call: 'quorums.verify', args: [id, digest, quorumSigns(scene, id, digest)] }
}

export const OPERATOR_MOVES = {
  register,
  updateProfile,
  stake,
  stakeWithAuthorization,
  requestUnbond,
  finishUnbond,
  cancelUnbond,
  meddle,
}
export const PAYOUT_MOVES = { requestPayoutChange, finishPayoutChange, cancelPayoutChange }
export const QUORUM_MOVES = { createQuorum, verify }
