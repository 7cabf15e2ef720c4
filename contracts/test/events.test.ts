/** Every event, with what it says: services follow the market by them. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Abi, type Hash, decodeEventLog, isAddressEqual } from 'viem'

import { ROOT, batchDigest, packPayouts, quorumSigns, someBatch } from './support/messages.ts'
import { fundedOrder, settledOrder, signAcceptance } from './support/orders.ts'
import { commitProof, signVerdict, someVerdict } from './support/verdicts.ts'
import { APPEAL_WINDOW, type Actor, UNBONDING_DELAY, USDC, type World, as, openWorld } from './support/world.ts'

describe('events', () => {
  let world: World
  let provider: Actor
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    provider = world.providers[0] as Actor
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  /** Names and arguments of what a contract emitted in a transaction. */
  async function told(contract: { address: `0x${string}`; abi: Abi }, hash: Promise<Hash>) {
    const { logs } = await world.mined(hash)
    return logs
      .filter(({ address }) => isAddressEqual(address, contract.address))
      .map(({ data, topics }) => decodeEventLog({ abi: contract.abi, data, topics }))
      .map(({ eventName, args }) => [eventName, args])
  }

  it('of stakes', async () => {
    const { stakes, stranger, detector } = world
    const payout = detector.address
    const later = async () => (await world.now()) + UNBONDING_DELAY
    assert.deepEqual(await told(stakes, stakes.write.register([payout, 5, ROOT], as(stranger))), [
      ['OperatorRegistered', { index: 22, operator: stranger.address, payout, roles: 5, metadataHash: ROOT }],
    ])
    assert.deepEqual(await told(stakes, stakes.write.updateProfile([4, ROOT], as(stranger))), [
      ['ProfileUpdated', { index: 22, roles: 4, metadataHash: ROOT }],
    ])
    await world.mined(stakes.write.stake([USDC], as(stranger)))
    assert.deepEqual(await told(stakes, stakes.write.stake([2n * USDC], as(stranger))), [
      ['Staked', { index: 22, amount: 2n * USDC, active: 3n * USDC }],
    ])
    await world.mined(stakes.write.requestUnbond([USDC], as(stranger)))
    const unbond = await told(stakes, stakes.write.requestUnbond([5n], as(stranger)))
    const unbondAt = await later()
    assert.deepEqual(unbond, [['UnbondRequested', { index: 22, amount: 5n, unbonding: USDC + 5n, unbondAt }]])
    assert.deepEqual(await told(stakes, stakes.write.cancelUnbond(as(stranger))), [
      ['UnbondCancelled', { index: 22, amount: USDC + 5n }],
    ])
    await world.mined(stakes.write.requestUnbond([7n], as(stranger)))
    await world.warp(await later())
    assert.deepEqual(await told(stakes, stakes.write.finishUnbond([payout], as(stranger))), [
      ['UnbondFinished', { index: 22, to: payout, amount: 7n }],
    ])
  })

  it('of payout changes', async () => {
    const { stakes, detector } = world
    const payout = detector.address
    const asked = await told(stakes, stakes.write.requestPayoutChange([payout], as(provider)))
    const effectiveAt = (await world.now()) + UNBONDING_DELAY
    assert.deepEqual(asked, [['PayoutChangeRequested', { index: 6, payout, effectiveAt }]])
    assert.deepEqual(await told(stakes, stakes.write.cancelPayoutChange([provider.address], as(provider))), [
      ['PayoutChangeCancelled', { index: 6, payout }],
    ])
    await world.mined(stakes.write.requestPayoutChange([payout], as(provider)))
    await world.warp((await world.now()) + UNBONDING_DELAY)
    assert.deepEqual(await told(stakes, stakes.write.finishPayoutChange([provider.address], as(provider))), [
      ['PayoutChanged', { index: 6, payout }],
    ])
  })

  it('of quorums', async () => {
    const { quorums, validators, stranger } = world
    const members = validators.slice(0, 2).map(({ address }) => address)
    assert.deepEqual(await told(quorums, quorums.write.createQuorum([members, 2, 0], as(stranger))), [
      ['QuorumCreated', { id: 2, threshold: 2, members, appealQuorumId: 0 }],
    ])
  })

  it('of a settled batch', async () => {
    const { escrow, aggregator, stranger } = world
    const { id } = await fundedOrder(world)
    const batch = someBatch(world, [{ orderId: id, charged: 100n }], [{ index: 6, amount: 98n }], { fee: 2n })
    const digest = batchDigest(world, batch)
    const signatures = await quorumSigns(world, digest)
    assert.deepEqual(await told(escrow, escrow.write.settle([batch, signatures], as(stranger))), [
      ['OrderSettled', { orderId: id, charged: 100n, resultsRoot: ROOT }],
      ['BatchSettled', { digest, aggregator: aggregator.address, quorumId: 1, charged: 100n, fee: 2n }],
    ])
  })

  it('of an accepted order', async () => {
    const { escrow, aggregator, stranger } = world
    const { terms, id } = await fundedOrder(world, { quorumId: 0 })
    const payouts = packPayouts([{ index: 6, amount: 98n }])
    const signature = await signAcceptance(world, terms, { payouts, fee: 2n })
    const accept = escrow.write.settleByClient([terms, payouts, 2n, ROOT, signature], as(stranger))
    assert.deepEqual(await told(escrow, accept), [
      ['OrderSettled', { orderId: id, charged: 100n, resultsRoot: ROOT }],
      ['OrderAccepted', { orderId: id, aggregator: aggregator.address, fee: 2n }],
    ])
  })

  it('of the ways out', async () => {
    const { escrow, aggregator, detector, client, stranger, testUsdc } = world
    const { terms, id } = await settledOrder(world, [{ index: 6, amount: 98n }], { fee: 2n, maxAmount: 150n })
    await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(stranger)))
    assert.deepEqual(await told(escrow, escrow.write.refund([terms], as(stranger))), [
      ['OrderRefunded', { orderId: id, client: client.address, amount: 50n, pushed: false }],
    ])
    assert.deepEqual(await told(escrow, escrow.write.withdrawEarnings([6], as(stranger))), [
      ['EarningsWithdrawn', { index: 6, payout: provider.address, amount: 98n }],
    ])
    assert.deepEqual(await told(escrow, escrow.write.withdrawCredit([detector.address], as(aggregator))), [
      ['CreditWithdrawn', { owner: aggregator.address, to: detector.address, amount: 2n }],
    ])
  })

  it('of a verdict', async () => {
    const { disputes, stakes, detector, stranger } = world
    const order = await fundedOrder(world)
    const verdict = someVerdict(world, order)
    const { orderId, shard, attempt, accused } = verdict
    const args = [verdict, order.terms, await commitProof(world, verdict), await signVerdict(world, verdict)] as const
    const submitted = await told(disputes, disputes.write.submitVerdict(args, as(stranger)))
    const verdictId = await disputes.read.verdictIdOf([orderId, shard, attempt, accused, 1])
    const closesAt = (await world.now()) + APPEAL_WINDOW
    assert.deepEqual(submitted, [['VerdictSubmitted', { verdictId, orderId, accused, verdict, closesAt }]])
    await world.warp(closesAt)
    const finalize = disputes.write.finalizeVerdict([verdictId], as(stranger))
    const hash = await finalize
    const shares = { toDetector: 4n * USDC, toClient: USDC, toFund: 5n * USDC }
    assert.deepEqual(await told(disputes, finalize), [
      ['SlashShared', { verdictId, accused, taken: 10n * USDC, ...shares }],
      ['VerdictFinalized', { verdictId, accused, guilty: true }],
    ])
    assert.deepEqual(await told(stakes, Promise.resolve(hash)), [
      ['Slashed', { index: 6, asked: 10n * USDC, taken: 10n * USDC }],
      ['ClaimClosed', { index: 6, amount: 10n * USDC, holds: 0, convicted: true }],
    ])
    assert.deepEqual(await told(disputes, disputes.write.withdrawCredit([stranger.address], as(detector))), [
      ['CreditWithdrawn', { owner: detector.address, to: stranger.address, amount: 4n * USDC }],
    ])
  })
})
