/** Intake is stopped, and every function that lets money out, or decides about it, works as ever. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, type Hash, keccak256, toHex } from 'viem'

import { ROOT, batchDigest, packPayouts, quorumSigns, signAll, someBatch } from './support/messages.ts'
import { signAcceptance } from './support/orders.ts'
import { type Scene, setScene, submitVerdictOn } from './support/departures.ts'
import { drawTab, tabOf } from './support/tabs.ts'
import { type Actor, USDC, type World, as, createActor, openWorld } from './support/world.ts'

const guardian = createActor('detector')

describe('while intake is stopped', () => {
  let world: World
  let scene: Scene
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    scene = await setScene(world)
    await world.mined(world.escrow.write.stopIntake(as(guardian)))
    await world.mined(world.stakes.write.stopIntake(as(guardian)))
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const balance = (holder: Actor | { address: Address }) => world.usdc.read.balanceOf([holder.address])
  const by = () => as(world.stranger)

  /** Runs a call and tells what it brought somebody; intake must still be stopped afterwards. */
  async function gain(holder: Actor, call: Hash | Promise<Hash>): Promise<bigint> {
    const before = await balance(holder)
    await world.mined(call)
    await assertStopped()
    return (await balance(holder)) - before
  }

  async function assertStopped(): Promise<void> {
    for (const contract of [world.escrow, world.stakes])
      assert.ok((await contract.read.intakeStoppedUntil()) > (await world.now()))
  }

  it('an overdue order is refunded', async () => {
    assert.equal(await gain(world.client, world.escrow.write.refund([scene.overdue.terms], by())), 10n * USDC)
  })

  it('the remainder of a settled order is refunded', async () => {
    assert.equal(await gain(world.client, world.escrow.write.refund([scene.settled.terms], by())), 8_000_000n)
  })

  it('a batch is settled', async () => {
    const batch = someBatch(world, [{ orderId: scene.open.id, charged: USDC }], [{ index: 6, amount: USDC }])
    const signatures = await quorumSigns(world, batchDigest(world, batch))
    await world.mined(world.escrow.write.settle([batch, signatures], by()))
    assert.equal((await world.escrow.read.order([scene.open.id])).status, 2)
    await assertStopped()
  })

  it('a tab is drawn', async () => {
    await drawTab(world, 1n)
    await assertStopped()
  })

  it('an order is settled by its client', async () => {
    const { terms, id } = scene.clientOnly
    const payouts = packPayouts([{ index: 6, amount: USDC }])
    const signature = await signAcceptance(world, terms, { payouts, fee: 0n })
    await world.mined(world.escrow.write.settleByClient([terms, payouts, 0n, ROOT, signature], by()))
    assert.equal((await world.escrow.read.order([id])).status, 2)
    await assertStopped()
  })

  it('earnings are withdrawn', async () => {
    const provider = world.providers[0] as Actor
    assert.equal(await gain(provider, world.escrow.write.withdrawEarnings([6], by())), 1_960_000n)
  })

  it('fees are withdrawn', async () => {
    const { aggregator, escrow } = world
    assert.equal(await gain(aggregator, escrow.write.withdrawCredit([aggregator.address], as(aggregator))), 40_000n)
  })

  it('an exit from a tab is asked for, called off, and finished', async () => {
    const { escrow, client, aggregator } = world
    assert.equal(await gain(client, escrow.write.finishTabExit(tabOf(world), by())), 4n * USDC)
    await world.mined(escrow.write.startTabExit([aggregator.address, USDC], as(client)))
    await world.mined(escrow.write.startTabExit([aggregator.address, 0n], as(client)))
    await assertStopped()
  })

  it('a deposit address is swept', async () => {
    const sweep = world.escrow.write.sweepToClient([scene.open.terms, world.usdc.address], by())
    assert.equal(await gain(world.client, sweep), 3n)
  })

  it('stake is asked back, kept, and taken out', async () => {
    const { stakes } = world
    const leaver = world.providers[1] as Actor
    assert.equal(await gain(leaver, stakes.write.finishUnbond([leaver.address], as(leaver))), 20n * USDC)
    await world.mined(stakes.write.requestUnbond([USDC], as(leaver)))
    await world.mined(stakes.write.cancelUnbond(as(leaver)))
    await assertStopped()
  })

  it('a payout address is changed', async () => {
    const { stakes, stranger } = world
    const leaver = world.providers[1] as Actor
    await world.mined(stakes.write.finishPayoutChange([leaver.address], by()))
    assert.equal(await stakes.read.payoutOf([7]), stranger.address)
    await world.mined(stakes.write.requestPayoutChange([leaver.address], as(leaver)))
    await world.mined(stakes.write.cancelPayoutChange([leaver.address], as(leaver)))
    await assertStopped()
  })

  it('a verdict is submitted', async () => {
    await submitVerdictOn(world, scene.open, 9)
    await assertStopped()
  })

  it('a verdict is appealed and ruled on', async () => {
    const { disputes, stranger, validators } = world
    await world.mined(disputes.write.appeal([scene.fresh], as(stranger)))
    const evidence = keccak256(toHex('ruling'))
    const digest = await disputes.read.hashRuling([scene.fresh, 1, false, evidence])
    const signatures = await signAll(digest, validators.slice(0, 3))
    await world.mined(disputes.write.submitRuling([scene.fresh, false, evidence, signatures], by()))
    await assertStopped()
  })

  it('a verdict is carried out, and its shares are withdrawn', async () => {
    const { disputes, detector } = world
    await world.mined(disputes.write.finalizeVerdict([scene.due], by()))
    const withdraw = disputes.write.withdrawCredit([detector.address], as(detector))
    assert.equal(await gain(detector, withdraw), 4n * USDC)
  })
})
