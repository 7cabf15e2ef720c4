/** Every call of the escrow and of the stakes contract that moves money, ready to be made in a scene. */
import type { Abi, Address } from 'viem'

import { fundingArgs, signedFunding } from './fundings.ts'
import {
  FAR_FUTURE,
  ROOT,
  batchDigest,
  packPayouts,
  quorumSigns,
  signAuthorization,
  someBatch,
  someTerms,
} from './messages.ts'
import { signAcceptance } from './orders.ts'
import type { Scene } from './departures.ts'
import { signedDeposit, tabOf } from './tabs.ts'
import { type Actor, USDC, type World } from './world.ts'

export interface Call {
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
  readonly by: Actor
}

/** How a call deals with a token that refuses: `push` turns what it cannot pay into credit, all else reverts. */
export type Kind = 'pull' | 'pull by authorization' | 'pull by many' | 'pull by deposit' | 'push' | 'withdrawal'

export interface Mover {
  readonly name: string
  readonly kind: Kind
  prepare(world: World, scene: Scene): Promise<Call>
}

type Prepare = (world: World, scene: Scene) => Promise<Pick<Call, 'args' | 'by'>>

function escrowMover(functionName: string, kind: Kind, prepare: Prepare, name = functionName): Mover {
  return {
    name,
    kind,
    prepare: async (world, scene) => ({
      address: world.escrow.address,
      abi: world.escrow.abi,
      functionName,
      ...(await prepare(world, scene)),
    }),
  }
}

function stakesMover(functionName: string, kind: Kind, prepare: Prepare): Mover {
  return {
    name: `Stakes.${functionName}`,
    kind,
    prepare: async (world, scene) => ({
      address: world.stakes.address,
      abi: world.stakes.abi,
      functionName,
      ...(await prepare(world, scene)),
    }),
  }
}

const leaverOf = (world: World) => world.providers[1] as Actor

export const ESCROW_MOVERS: readonly Mover[] = [
  escrowMover('fund', 'pull', async (world) => ({ args: [await someTerms(world)], by: world.client })),
  escrowMover('fundWithAuthorization', 'pull by authorization', async (world) => ({
    args: fundingArgs(await signedFunding(world, await someTerms(world))),
    by: world.stranger,
  })),
  escrowMover('fundMany', 'pull by many', async (world) => ({
    args: [[await signedFunding(world, await someTerms(world))]],
    by: world.stranger,
  })),
  escrowMover('fundFromDepositAddress', 'pull by deposit', async (world, { deposit }) => ({
    args: [deposit],
    by: world.stranger,
  })),
  escrowMover('topUpTab', 'pull', async (world) => ({ args: [...tabOf(world), USDC], by: world.client })),
  escrowMover('topUpTabWithAuthorization', 'pull by authorization', async (world) => ({
    args: await signedDeposit(world),
    by: world.stranger,
  })),
  escrowMover('refund', 'push', async (world, { overdue }) => ({ args: [overdue.terms], by: world.stranger })),
  escrowMover(
    'refund',
    'push',
    async (world, { settled }) => ({ args: [settled.terms], by: world.stranger }),
    'refund of a remainder',
  ),
  escrowMover('finishTabExit', 'push', async (world) => ({ args: tabOf(world), by: world.stranger })),
  escrowMover('sweepToClient', 'withdrawal', async (world, { open }) => ({
    args: [open.terms, world.usdc.address],
    by: world.stranger,
  })),
  escrowMover('withdrawEarnings', 'withdrawal', async (world) => ({ args: [6], by: world.stranger })),
  escrowMover('withdrawCredit', 'withdrawal', async (world) => ({
    args: [world.aggregator.address],
    by: world.aggregator,
  })),
]

export const STAKES_MOVERS: readonly Mover[] = [
  stakesMover('stake', 'pull', async (world) => ({ args: [USDC], by: leaverOf(world) })),
  stakesMover('stakeWithAuthorization', 'pull by authorization', async (world) => {
    const from = leaverOf(world)
    const pay = { from, to: world.stakes.address, value: USDC, nonce: ROOT }
    const signature = await signAuthorization(world, pay)
    return { args: [from.address, USDC, 0n, FAR_FUTURE, ROOT, signature], by: world.stranger }
  }),
  stakesMover('finishUnbond', 'withdrawal', async (world) => ({
    args: [leaverOf(world).address],
    by: leaverOf(world),
  })),
]

/** Calls of the escrow that move no tokens, but change who owns what. */
export const ESCROW_BOOKINGS: readonly Mover[] = [
  escrowMover('settle', 'push', async (world, { open }) => {
    const batch = someBatch(world, [{ orderId: open.id, charged: 1n }], [{ index: 6, amount: 1n }])
    return { args: [batch, await quorumSigns(world, batchDigest(world, batch))], by: world.stranger }
  }),
  escrowMover('settleByClient', 'push', async (world, { clientOnly: { terms } }) => {
    const payouts = packPayouts([{ index: 6, amount: 1n }])
    const signature = await signAcceptance(world, terms, { payouts, fee: 0n })
    return { args: [terms, payouts, 0n, ROOT, signature], by: world.stranger }
  }),
]
