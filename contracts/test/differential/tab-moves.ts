/** Pays into tabs and takes money out of them; drawing them is in `settle-moves.ts`. */
import type { Hex } from 'viem'

import { deriveTabDepositNonce } from '../../../packages/protocol/src/index.ts'
import { authorizationDigest, tabDepositNonce } from '../model/digests.ts'
import { type Tab, ZERO_ADDRESS } from '../model/market.ts'
import { CAST } from './cast.ts'
import {
  DAY,
  MAX_UINT64,
  type Move,
  type Scene,
  USDC,
  amountUpTo,
  around,
  clientsOf,
  mostly,
  pickFrom,
  randomHash,
  signFor,
  somebody,
  tied,
} from './scene.ts'

interface Place {
  readonly client: Hex
  readonly aggregator: Hex
  readonly tab: Tab
}

function tabsWhere({ market }: Scene, asked: (tab: Tab) => boolean): Place[] {
  return [...market.escrow.tabs].flatMap(([key, tab]) => {
    const [client, aggregator] = key.split('/') as [Hex, Hex]
    return asked(tab) ? [{ client, aggregator, tab }] : []
  })
}

function depositOf(scene: Scene): { client: Hex; aggregator: Hex; amount: bigint } {
  const { rng } = scene
  return {
    client: mostly(rng, rng.pick(clientsOf(scene)), ZERO_ADDRESS),
    aggregator: mostly(rng, rng.pick(CAST.aggregators).address, ZERO_ADDRESS),
    amount: mostly(rng, amountUpTo(rng, 30n * USDC), 0n),
  }
}

const topUpTab: Move = (scene) => {
  const { rng } = scene
  const { client, aggregator, amount } = depositOf(scene)
  const rich = CAST.clients.at(-1)?.address ?? ZERO_ADDRESS
  const huge = rng.chance(0.06)
  const caller = huge ? rich : rng.pick([...CAST.clients, CAST.stranger]).address
  return { caller, call: 'escrow.topUpTab', args: [client, aggregator, huge ? MAX_UINT64 - 1n : amount] }
}

const topUpTabWithAuthorization: Move = (scene) => {
  const { rng, market } = scene
  const { setting, now } = market
  const deposit = { ...depositOf(scene), salt: randomHash(rng) }
  const { client, aggregator, amount, salt } = deposit
  const nonce = tied(scene, tabDepositNonce(setting, deposit), () =>
    deriveTabDepositNonce({ chainId: setting.chainId, escrow: setting.escrow } as never, deposit as never),
  )
  const [validAfter, validBefore] = [BigInt(mostly(rng, 0, now)), BigInt(mostly(rng, now + 30 * DAY, now))]
  const authorization = { from: client, to: setting.escrow, value: amount, validAfter, validBefore, nonce }
  const signature = signFor(scene, client, authorizationDigest(setting, authorization))
  const other = mostly(rng, aggregator, rng.pick(CAST.aggregators).address)
  return {
    caller: somebody(scene),
    call: 'escrow.topUpTabWithAuthorization',
    args: [client, other, amount, validAfter, validBefore, salt, signature],
    at: now,
  }
}

const startTabExit: Move = (scene) => {
  const { rng } = scene
  const own = tabsWhere(scene, ({ deposited, spent }) => deposited > spent).filter(({ client }) =>
    CAST.clients.some(({ address }) => address === client),
  )
  const chosen = pickFrom(rng, own)
  if (chosen === undefined) return undefined
  const { client, aggregator, tab } = chosen
  const available = tab.deposited - tab.spent
  const more = available < MAX_UINT64 ? available + 1n : available
  const amount = rng.chance(0.12) ? 0n : mostly(rng, amountUpTo(rng, available), more)
  return { caller: mostly(rng, client, somebody(scene)), call: 'escrow.startTabExit', args: [aggregator, amount] }
}

const finishTabExit: Move = (scene) => {
  const { rng } = scene
  const leaving = tabsWhere(scene, ({ exitAt }) => exitAt > 0)
  const any = rng.chance(0.03)
    ? pickFrom(
        rng,
        tabsWhere(scene, () => true),
      )
    : undefined
  const chosen = any ?? pickFrom(rng, leaving)
  if (chosen === undefined) return undefined
  const { client, aggregator, tab } = chosen
  const at = tab.exitAt > 0 ? around(scene, tab.exitAt) : undefined
  return { caller: somebody(scene), call: 'escrow.finishTabExit', args: [client, aggregator], at }
}

export const TAB_MOVES = { topUpTab, topUpTabWithAuthorization, startTabExit, finishTabExit }
