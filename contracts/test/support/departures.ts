/** One moment at which everything in the market that can move is ready to move. */
import type { Hex } from 'viem'

import { payDeposit } from './deposits.ts'
import { signAll, someTerms } from './messages.ts'
import { type FundedOrder, fundedOrder, settledOrder } from './orders.ts'
import { topUp } from './tabs.ts'
import { commitProof, someVerdict, verdictDigest } from './verdicts.ts'
import { APPEAL_WINDOW, type Actor, UNBONDING_DELAY, USDC, type World, as } from './world.ts'

/** A quorum of two of three, whose verdicts go to quorum 1 on appeal. */
const LOWER = 2

export type Scene = Awaited<ReturnType<typeof setScene>>

/** Everything that can be on its way out, each at the moment when it may leave. */
export async function setScene(world: World) {
  const { escrow, stakes, quorums, usdc, disputes, validators, stranger } = world
  const members = validators.slice(0, 3).map(({ address }) => address)
  await world.mined(quorums.write.createQuorum([members, 2, 1], as(stranger)))
  await world.mined(usdc.write.approve([disputes.address, 2n ** 256n - 1n], as(stranger)))

  const leaver = world.providers[1] as Actor
  await world.mined(stakes.write.requestUnbond([20n * USDC], as(leaver)))
  await world.mined(stakes.write.requestPayoutChange([stranger.address], as(leaver)))
  const unbondAt = (await world.now()) + UNBONDING_DELAY
  await topUp(world)
  await world.mined(escrow.write.startTabExit([world.aggregator.address, 4n * USDC], as(world.client)))

  await world.warp(unbondAt - APPEAL_WINDOW)
  const overdue = await fundedOrder(world, { quorumId: LOWER })
  const due = await submitVerdictOn(world, overdue, 3)
  await world.warp(unbondAt + 60)

  const open = await fundedOrder(world)
  const fresh = await submitVerdictOn(world, await fundedOrder(world, { quorumId: LOWER }), 3)
  const settled = await settledOrder(world, [{ index: 6, amount: 1_960_000n }], { fee: 40_000n })
  const clientOnly = await fundedOrder(world, { quorumId: 0 })
  await payDeposit(world, open.terms, 3n)
  const deposit = await someTerms(world)
  await payDeposit(world, deposit, deposit.maxAmount)
  return { overdue, open, settled, clientOnly, due, fresh, deposit }
}

/** A verdict against the first provider, as the order's quorum signs it. Returns its id. */
export async function submitVerdictOn(world: World, { terms, id }: FundedOrder, shard: number): Promise<Hex> {
  const { disputes, validators } = world
  const verdict = someVerdict(world, { terms, id }, { shard, quorumId: terms.quorumId })
  const signers = validators.slice(0, terms.quorumId === LOWER ? 2 : 3)
  const signatures = await signAll(verdictDigest(world, verdict), signers)
  const args = [verdict, terms, await commitProof(world, verdict), signatures] as const
  await world.mined(disputes.write.submitVerdict(args, as(world.stranger)))
  return disputes.read.verdictIdOf([id, shard, verdict.attempt, verdict.accused, verdict.outcome])
}
