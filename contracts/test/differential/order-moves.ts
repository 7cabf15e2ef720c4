/** Thinks of terms, funds them in every way, and takes money back. */
import type { Hex } from 'viem'

import { deriveOrderId } from '../../../packages/protocol/src/index.ts'
import { depositAddressOf } from '../model/deposits.ts'
import { authorizationDigest, cancellationDigest } from '../model/digests.ts'
import { type OrderTerms, ZERO_ADDRESS } from '../model/market.ts'
import type { Funding } from '../model/orders.ts'
import { balanceOf } from '../model/token.ts'
import { CAST } from './cast.ts'
import {
  DAY,
  type Draft,
  HOUR,
  MAX_UINT64,
  type Move,
  type Plan,
  type Scene,
  USDC,
  amountUpTo,
  around,
  canCall,
  clientsOf,
  draftsWhere,
  mostly,
  noteDraft,
  orderOf,
  pickFrom,
  randomHash,
  signFor,
  somebody,
  tied,
} from './scene.ts'

/** New terms, seldom wrong in one thing. */
function draft(scene: Scene, asked: { readonly client?: Hex }): Draft {
  const { rng, market } = scene
  const { now } = market
  const rich = CAST.clients.at(-1)?.address ?? ZERO_ADDRESS
  const client = asked.client ?? mostly(rng, rng.pick(clientsOf(scene)), ZERO_ADDRESS)
  const huge = client === rich && rng.chance(0.15)
  const latest = now + 7 * DAY
  const settleBy = mostly(rng, now + rng.pick([600, HOUR, DAY, 3 * DAY, 6 * DAY]), now, now - 1, now + 1, latest)
  const refundAt = Math.min(settleBy + rng.pick([0, 1, HOUR, DAY]), latest)
  const terms: OrderTerms = {
    client,
    aggregator: mostly(rng, rng.pick(CAST.aggregators).address, ZERO_ADDRESS),
    maxAmount: mostly(rng, huge ? MAX_UINT64 : amountUpTo(rng, 40n * USDC), 0n),
    settleBy,
    refundAt: mostly(rng, refundAt, settleBy - 1, latest, latest + 1),
    quorumId: mostly(rng, rng.chance(0.2) ? 0 : 1 + rng.below(market.quorums.length), market.quorums.length + 1),
    feeBps: mostly(rng, rng.pick([0, 1, 33, 200, 499, 500]), 501, 65_535),
    specHash: randomHash(rng),
    salt: randomHash(rng),
  }
  const made = noteDraft(scene, terms)
  const domain = { chainId: market.setting.chainId, escrow: market.setting.escrow }
  tied(scene, made.id, () => deriveOrderId(domain as never, terms as never))
  return made
}

/** Terms not funded yet, most often new ones; seldom terms that were used. */
function unused(scene: Scene, asked: { readonly client?: Hex } = {}): Draft {
  const { rng, market } = scene
  const fitting = scene.drafts.filter(({ terms }) => asked.client === undefined || terms.client === asked.client)
  const waiting = fitting.filter((given) => orderOf(scene, given) === undefined && market.now < given.terms.settleBy)
  const used = rng.chance(0.05) ? pickFrom(rng, fitting) : undefined
  const old = rng.chance(0.3) ? pickFrom(rng, waiting) : undefined
  return used ?? old ?? draft(scene, asked)
}

const fund: Move = (scene) => {
  const client = scene.rng.pick(CAST.clients).address
  const { terms } = unused(scene, { client })
  return { caller: mostly(scene.rng, client, somebody(scene)), call: 'escrow.fund', args: [terms] }
}

function funding(scene: Scene): Funding {
  const { rng, market } = scene
  const { id, terms } = unused(scene)
  const validAfter = BigInt(mostly(rng, rng.pick([0, market.now - 1]), market.now, market.now + 1))
  const validBefore = BigInt(mostly(rng, rng.pick([market.now + 1, market.now + 30 * DAY]), market.now, 1))
  const value = mostly(rng, terms.maxAmount, terms.maxAmount + 1n)
  const authorization = { from: terms.client, to: market.setting.escrow, value, validAfter, validBefore, nonce: id }
  const signature = signFor(scene, terms.client, authorizationDigest(market.setting, authorization))
  return { terms, validAfter, validBefore, signature }
}

const fundWithAuthorization: Move = (scene) => {
  const { terms, validAfter, validBefore, signature } = funding(scene)
  const args: [OrderTerms, bigint, bigint, Hex] = [terms, validAfter, validBefore, signature]
  return { caller: somebody(scene), call: 'escrow.fundWithAuthorization', args, at: scene.market.now }
}

const fundMany: Move = (scene) => {
  const fundings = Array.from({ length: scene.rng.below(4) }, () => funding(scene))
  return { caller: somebody(scene), call: 'escrow.fundMany', args: [fundings], at: scene.market.now }
}

const fundOne: Move = (scene) => ({ caller: somebody(scene), call: 'escrow.fundOne', args: [funding(scene)] })

const cancelAuthorization: Move = (scene) => {
  const { id, terms } = unused(scene, { client: scene.rng.pick(CAST.clients).address })
  const signature = signFor(scene, terms.client, cancellationDigest(scene.market.setting, terms.client, id))
  if (signature.length !== 132) return undefined
  const [r, s]: Hex[] = [`0x${signature.slice(2, 66)}`, `0x${signature.slice(66, 130)}`]
  const v = Number(`0x${signature.slice(130)}`)
  return { caller: somebody(scene), call: 'token.cancelAuthorization', args: [terms.client, id, v, r as Hex, s as Hex] }
}

// ── Deposit addresses ─────────────────────────────────────────────────────────────────────────────────────────────────

/** An ordinary transfer to the deposit address of terms, funded or not. */
const deposit: Move = (scene) => {
  const { rng, market } = scene
  const late = rng.chance(0.3) ? pickFrom(rng, scene.drafts) : undefined
  const { id, terms } = late ?? unused(scene)
  const payer = rng.pick([...CAST.clients, CAST.stranger]).address
  const amount = mostly(rng, rng.chance(0.6) ? terms.maxAmount : terms.maxAmount + 5n, terms.maxAmount - 1n)
  const to = depositAddressOf(market.setting, id)
  const call = rng.chance(0.9) ? 'token.transfer' : 'otherToken.transfer'
  return { caller: payer, call, args: [to, amount < 0n ? 0n : amount % (50_000n * USDC)] }
}

const holdsDeposit = ({ market }: Scene, { id }: Draft): boolean => {
  const box = depositAddressOf(market.setting, id)
  return balanceOf(market.token, box) > 0n || balanceOf(market.otherToken, box) > 0n
}

const fundFromDepositAddress: Move = (scene) => {
  const { rng, market } = scene
  const paid = scene.drafts.filter((given) => orderOf(scene, given) === undefined && holdsDeposit(scene, given))
  const inTime = rng.chance(0.9) ? paid.filter(({ terms }) => market.now < terms.settleBy) : paid
  const chosen = pickFrom(rng, inTime) ?? (rng.chance(0.04) ? unused(scene) : undefined)
  return chosen && { caller: somebody(scene), call: 'escrow.fundFromDepositAddress', args: [chosen.terms] }
}

const sweep: Move = (scene) => {
  const { rng, market } = scene
  const paid = scene.drafts.filter((given) => holdsDeposit(scene, given))
  const chosen = pickFrom(rng, paid) ?? (rng.chance(0.04) ? unused(scene) : undefined)
  if (chosen === undefined) return undefined
  const { terms } = chosen
  const token = rng.chance(0.8) ? market.setting.token : market.setting.otherToken
  const at = rng.chance(0.2) ? around(scene, terms.settleBy) : undefined
  const caller = rng.chance(0.5) ? terms.client : somebody(scene)
  return canCall(caller) ? { caller, call: 'escrow.sweepToClient', args: [terms, token], at } : undefined
}

const askDepositAddress: Move = (scene) => ({
  caller: somebody(scene),
  call: 'escrow.depositAddressOf',
  args: [unused(scene).terms],
})

const flush: Move = (scene) => {
  const { rng, market } = scene
  const known = pickFrom(rng, scene.drafts)
  const account = known === undefined ? market.setting.depositAccount : depositAddressOf(market.setting, known.id)
  const caller = somebody(scene)
  return { caller, call: 'account.flush', args: [account, market.setting.token, caller, 1n] }
}

// ── Ways out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const refund: Move = (scene) => {
  const { rng } = scene
  const open = draftsWhere(scene, ({ status }) => status !== 'refunded')
  const chosen = rng.chance(0.95) ? pickFrom(rng, open) : pickFrom(rng, scene.drafts)
  if (chosen === undefined) return undefined
  const at = orderOf(scene, chosen)?.status === 'funded' ? around(scene, chosen.terms.refundAt) : undefined
  const salt = mostly(rng, chosen.terms.salt, randomHash(rng))
  return { caller: somebody(scene), call: 'escrow.refund', args: [{ ...chosen.terms, salt }], at }
}

const withdrawEarnings: Move = (scene) => {
  const { rng, market } = scene
  const owed = [...market.escrow.ledger].flatMap(([index, amount]) => (amount > 0n ? [index] : []))
  const index = (rng.chance(0.95) ? pickFrom(rng, owed) : undefined) ?? (rng.chance(0.03) ? rng.below(10) : undefined)
  return index === undefined ? undefined : { caller: somebody(scene), call: 'escrow.withdrawEarnings', args: [index] }
}

/** Fetches a credit of the escrow or of the disputes contract. */
const withdrawCredit: Move = (scene): Plan | undefined => {
  const { rng, market } = scene
  const where = rng.pick(['escrow', 'disputes'] as const)
  const owed = [...market[where].credit].flatMap(([owner, amount]) => (amount > 0n ? [owner] : []))
  const owner = (rng.chance(0.95) ? pickFrom(rng, owed) : undefined) ?? (rng.chance(0.03) ? somebody(scene) : undefined)
  if (owner === undefined || !canCall(owner)) return undefined
  return { caller: owner, call: `${where}.withdrawCredit`, args: [mostly(rng, somebody(scene), ZERO_ADDRESS)] }
}

export const ORDER_MOVES = { fund, fundWithAuthorization, fundMany, fundOne, cancelAuthorization }
export const DEPOSIT_MOVES = { deposit, fundFromDepositAddress, sweep, askDepositAddress, flush }
export const EXIT_MOVES = { refund, withdrawEarnings, withdrawCredit }
