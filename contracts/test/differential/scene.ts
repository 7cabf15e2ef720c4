/** What the generators of actions share: chance, what happened so far, and the small wrongs that they mix in. */
import assert from 'node:assert/strict'

import type { Hex } from 'viem'

import type { SeededRng } from '../../../packages/testkit/src/seeded-rng.ts'
import { orderIdOf } from '../model/digests.ts'
import type { Market, Order, OrderTerms } from '../model/market.ts'
import type { Action, CallName, Calls } from '../support/actions.ts'
import { CAST, signerOf } from './cast.ts'
import { type Signer, withHighS } from './quick-signer.ts'

export const HOUR = 3_600
export const DAY = 24 * HOUR
export const USDC = 1_000_000n
export const MAX_UINT64 = 2n ** 64n - 1n

/** Terms that somebody thought of, funded or not. */
export interface Draft {
  readonly id: Hex
  readonly terms: OrderTerms
}

export interface Scene {
  readonly rng: SeededRng
  /** As the model has it before the next action. */
  market: Market
  readonly drafts: Draft[]
  readonly past: Action[]
}

/** An action to be; without a time it happens soon. */
export type Plan = {
  [N in CallName]: { caller: Hex; call: N; args: Calls[N]; at?: number | undefined }
}[CallName]

/** Thinks of an action, or finds that there is nothing of its kind to do. */
export type Move = (scene: Scene) => Plan | undefined

// ── Chance ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A value that is nearly always right. */
export function mostly<T>(rng: SeededRng, right: T, ...wrong: readonly T[]): T {
  return rng.chance(0.04) ? rng.pick(wrong) : right
}

export function between(rng: SeededRng, least: bigint, most: bigint): bigint {
  const word = (BigInt(rng.below(2 ** 32)) << 40n) | (BigInt(rng.below(2 ** 32)) << 8n) | BigInt(rng.below(2 ** 8))
  return least + (word % (most - least + 1n))
}

/** Something from 1 to `most`, of any order of magnitude, and often one of the ends. */
export function amountUpTo(rng: SeededRng, most: bigint): bigint {
  if (most <= 1n || rng.chance(0.1)) return most
  if (rng.chance(0.05)) return 1n
  const digits = BigInt(most.toString(2).length)
  const scale = 2n ** between(rng, digits > 12n ? digits - 12n : 0n, digits)
  return between(rng, 1n, scale < most ? scale : most)
}

export const randomHash = (rng: SeededRng): Hex =>
  `0x${Array.from({ length: 8 }, () =>
    rng
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')}`

/** One of the items, or `undefined` if there is none. */
export const pickFrom = <T>(rng: SeededRng, items: readonly T[]): T | undefined =>
  items.length === 0 ? undefined : rng.pick(items)

export const somebody = ({ rng }: Scene): Hex => rng.pick(CAST.accounts).address

export const clientsOf = ({ market }: Scene): Hex[] => [
  ...CAST.clients.map(({ address }) => address),
  ...market.setting.wallets.keys(),
]

/** Whether an address sends transactions; the zero address and the contract wallet do not. */
export const canCall = (address: Hex): boolean => CAST.accounts.some((account) => account.address === address)

/** On, around or after a deadline; now, if it is long past. */
export function around({ rng, market }: Scene, deadline: number): number {
  const at = deadline + (rng.chance(0.6) ? 0 : rng.pick([-1, -1, 1, 60, DAY]))
  return Math.max(at, market.now)
}

// ── Orders ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function noteDraft(scene: Scene, terms: OrderTerms): Draft {
  const draft = { id: orderIdOf(scene.market.setting, terms), terms }
  scene.drafts.push(draft)
  return draft
}

export const orderOf = ({ market }: Scene, { id }: Draft): Order | undefined => market.escrow.orders.get(id)

/** Drafts whose orders are as asked. */
export const draftsWhere = (scene: Scene, asked: (order: Order, draft: Draft) => boolean): Draft[] =>
  scene.drafts.filter((draft) => {
    const order = orderOf(scene, draft)
    return order !== undefined && asked(order, draft)
  })

// ── Signatures ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A digest of the model's, compared with the shared protocol's once in a while. */
export function tied({ rng }: Scene, digest: Hex, derive: () => string): Hex {
  if (rng.chance(0.1)) assert.equal(derive(), digest, 'the shared protocol hashes differently')
  return digest
}

/** The signature of whoever signs for an address; rarely a slightly wrong one. */
export function signFor(scene: Scene, address: Hex, digest: Hex): Hex {
  const signer = signerOf(scene.market.setting, address) ?? CAST.stranger
  const signature = signer.sign(digest)
  return scene.rng.chance(0.04) ? spoil(scene, signature, digest) : signature
}

/** Enough signatures of a quorum, ascending; rarely too few, too many, unsorted, foreign or broken ones. */
export function quorumSigns(scene: Scene, quorumId: number, digest: Hex): Hex {
  const { rng, market } = scene
  const { members, threshold } = market.quorums[quorumId - 1] ?? { members: [CAST.stranger.address], threshold: 1 }
  const signers = members.map((member) => signerOf(market.setting, member) ?? CAST.stranger)
  const first = rng.below(members.length - threshold + 1)
  const chosen = rng.chance(0.15) ? signers : signers.slice(first, first + threshold)
  const all = (given: readonly Signer[]) => join(given.map((signer) => signer.sign(digest)))
  if (!rng.chance(0.07)) return all(chosen)
  const wrong = rng.below(6)
  if (wrong === 0) return all(chosen.slice(1))
  if (wrong === 1) return all([...chosen, ...chosen])
  if (wrong === 2) return all(chosen.toReversed())
  if (wrong === 3) return all(withOutsider(rng, chosen))
  const spoilt = rng.below(chosen.length)
  const signatures = chosen.map((signer) => signer.sign(digest))
  return join(signatures.map((signature, i) => (i === spoilt ? spoil(scene, signature, digest) : signature)))
}

/** One signer's place taken by somebody else, still ascending. */
function withOutsider(rng: SeededRng, signers: readonly Signer[]): Signer[] {
  const outsider = rng.pick([CAST.stranger, ...CAST.providers, ...CAST.validators])
  return [...signers.slice(1), outsider].toSorted((a, b) => (a.address < b.address ? -1 : 1))
}

/** A signature with one thing wrong. */
function spoil({ rng }: Scene, signature: Hex, digest: Hex): Hex {
  const body = signature.slice(2)
  const wrong = rng.below(5)
  if (wrong === 0) return withHighS(signature)
  if (wrong === 1) return `0x${body.slice(0, 128)}${rng.pick(['00', '1a', '1d'])}`
  if (wrong === 2) return `0x${body.slice(0, 128)}`
  if (wrong === 3) return rng.pick(CAST.accounts).sign(digest)
  return `0x${body.slice(0, 126)}00${body.slice(128)}`
}

const join = (parts: readonly Hex[]): Hex => `0x${parts.map((part) => part.slice(2)).join('')}`
