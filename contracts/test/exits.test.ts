/** Nobody's help is ever needed to get money out: each exit is taken here by a stranger, or by the owner alone. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { decodeEventLog, encodeFunctionData, zeroAddress } from 'viem'

import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import type { Terms } from './support/messages.ts'
import { fundedOrder, settledOrder } from './support/orders.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { type Actor, PROVIDER_STAKE, UNBONDING_DELAY, USDC, type World, as, openWorld } from './support/world.ts'

describe('getting money out', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const balance = (actor: Actor) => world.usdc.read.balanceOf([actor.address])
  const refund = (terms: Terms) => world.escrow.write.refund([terms], as(world.stranger))

  describe('refund', () => {
    it('pays the client the whole order from refundAt on, by a stranger, and not a second before', async () => {
      const { escrow, client } = world
      const before = await balance(client)
      const { terms, id } = await fundedOrder(world)
      await world.warp(terms.refundAt - 1)
      await rejectsWith(escrow.simulate.refund([terms]), 'TooEarly', [BigInt(terms.refundAt)])
      await world.warp(terms.refundAt)
      const receipt = await world.mined(refund(terms))

      assert.equal(await balance(client), before)
      assert.deepEqual((await escrow.read.order([id])).status, 3)
      const [log] = receipt.logs.filter(({ address }) => address === escrow.address)
      assert.ok(log)
      const event = decodeEventLog({ abi: escrowAbi, data: log.data, topics: log.topics })
      assert.deepEqual(event.args, { orderId: id, client: client.address, amount: terms.maxAmount, pushed: true })
    })

    it('is not possible between settleBy and refundAt, when settling is over already', async () => {
      const { terms } = await fundedOrder(world)
      await world.warp(terms.settleBy)
      await rejectsWith(world.escrow.simulate.refund([terms]), 'TooEarly')
    })

    it('pays the client the remainder at once after settling, and once', async () => {
      const { client, escrow } = world
      const before = await balance(client)
      const { terms, id } = await settledOrder(world, [{ index: 6, amount: 4n * USDC }])
      await world.mined(refund(terms))

      assert.equal(await balance(client), before - 4n * USDC)
      assert.equal((await escrow.read.order([id])).status, 2)
      await rejectsWith(escrow.simulate.refund([terms]), 'NothingLeft', [id])
    })

    it('cannot be diverted: other terms are another order', async () => {
      const { terms } = await fundedOrder(world)
      await world.warp(terms.refundAt)
      const diverted = { ...terms, client: world.stranger.address }
      await rejectsWith(world.escrow.simulate.refund([diverted]), 'OrderUnknown')
    })

    it('credits a blacklisted client, who takes the money to another address', async () => {
      const { escrow, testUsdc, usdc, client, detector, deployer } = world
      const { terms, id } = await fundedOrder(world)
      await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(deployer)))
      await world.warp(terms.refundAt)
      await world.mined(refund(terms))

      assert.equal((await escrow.read.order([id])).status, 3)
      assert.equal(await escrow.read.credit([client.address]), terms.maxAmount)
      const toItself = escrow.simulate.withdrawCredit([client.address], { account: client.account })
      await rejectsWithReason(toItself, 'Blacklistable: account is blacklisted')
      const before = await usdc.read.balanceOf([detector.address])
      await world.mined(escrow.write.withdrawCredit([detector.address], as(client)))
      assert.equal(await usdc.read.balanceOf([detector.address]), before + terms.maxAmount)
      await rejectsWith(
        escrow.simulate.withdrawCredit([detector.address], { account: client.account }),
        'NothingToWithdraw',
      )
    })

    it('credits the client while the token is paused', async () => {
      const { escrow, testUsdc, client, deployer } = world
      const { terms } = await fundedOrder(world)
      await world.warp(terms.refundAt)
      await world.mined(testUsdc.write.setPaused([true], as(deployer)))
      await world.mined(refund(terms))
      assert.equal(await escrow.read.credit([client.address]), terms.maxAmount)
      await world.mined(testUsdc.write.setPaused([false], as(deployer)))
      await world.mined(escrow.write.withdrawCredit([client.address], as(client)))
    })

    it('cannot be pushed into credit by starving it of gas', async () => {
      const { escrow, client, stranger } = world
      const { terms } = await fundedOrder(world)
      await world.warp(terms.refundAt)
      const data = encodeFunctionData({ abi: escrowAbi, functionName: 'refund', args: [terms] })
      for (let gas = 30_000n; gas <= 130_000n; gas += 2_500n) {
        const hash = await world.walletClient
          .sendTransaction({ account: stranger.account, to: escrow.address, data, gas })
          .catch(() => undefined)
        if (hash === undefined) continue
        const receipt = await world.publicClient.getTransactionReceipt({ hash })
        assert.equal(await escrow.read.credit([client.address]), 0n, `credited with ${gas} gas`)
        if (receipt.status === 'success') return
      }
      assert.fail('the refund never went through')
    })
  })

  describe('withdrawing earnings', () => {
    it('pays the registered payout address, whoever calls, and leaves the neighbours alone', async () => {
      const { escrow, providers } = world
      await settledOrder(
        world,
        [6, 7].map((index) => ({ index, amount: USDC })),
      )
      const before = await balance(providers[0] as Actor)
      await world.mined(escrow.write.withdrawEarnings([6], as(world.stranger)))

      assert.equal(await balance(providers[0] as Actor), before + USDC)
      assert.deepEqual([await escrow.read.earningsOf([6]), await escrow.read.earningsOf([7])], [0n, USDC])
      await rejectsWith(escrow.simulate.withdrawEarnings([6]), 'NothingToWithdraw')
    })

    it('keeps the earnings of a blacklisted payout address until it has another one', async () => {
      const { escrow, stakes, testUsdc, usdc, deployer, detector } = world
      const provider = world.providers[0] as Actor
      await settledOrder(world, [{ index: 6, amount: USDC }])
      await world.mined(testUsdc.write.setBlacklisted([provider.address, true], as(deployer)))
      await rejectsWithReason(escrow.simulate.withdrawEarnings([6]), 'Blacklistable: account is blacklisted')

      await world.mined(stakes.write.requestPayoutChange([detector.address], as(provider)))
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await world.mined(stakes.write.finishPayoutChange([provider.address], as(world.stranger)))
      const before = await usdc.read.balanceOf([detector.address])
      await world.mined(escrow.write.withdrawEarnings([6], as(world.stranger)))
      assert.equal(await usdc.read.balanceOf([detector.address]), before + USDC)
    })

    it('has nothing for an operator that does not exist', async () => {
      for (const index of [0, 22, 2 ** 32 - 1]) {
        await rejectsWith(world.escrow.simulate.withdrawEarnings([index]), 'NothingToWithdraw')
      }
    })
  })

  it("pays an aggregator its fee, to where it likes, and nobody else's", async () => {
    const { escrow, usdc, aggregator, detector, stranger } = world
    await settledOrder(world, [{ index: 6, amount: 9_800_000n }], { fee: 200_000n })
    await rejectsWith(
      escrow.simulate.withdrawCredit([stranger.address], { account: stranger.account }),
      'NothingToWithdraw',
    )
    await assert.rejects(escrow.simulate.withdrawCredit([zeroAddress], { account: aggregator.account }))
    const before = await usdc.read.balanceOf([detector.address])
    await world.mined(escrow.write.withdrawCredit([detector.address], as(aggregator)))
    assert.equal(await usdc.read.balanceOf([detector.address]), before + 200_000n)
  })

  it('gives a staker its stake back after the delay, with nobody else around', async () => {
    const { stakes } = world
    const provider = world.providers[0] as Actor
    await world.mined(stakes.write.requestUnbond([PROVIDER_STAKE], as(provider)))
    await world.warp((await world.now()) + UNBONDING_DELAY)
    const before = await balance(provider)
    await world.mined(stakes.write.finishUnbond([provider.address], as(provider)))
    assert.equal(await balance(provider), before + PROVIDER_STAKE)
  })
})

describe('a token that calls back in the middle of a transfer', () => {
  it('cannot enter the escrow again', async () => {
    await using world = await openWorld({ tokenName: 'ReenteringUsdc' })
    const { escrow, oddToken, client, stranger } = world
    const { terms } = await fundedOrder(world)
    const hook = encodeFunctionData({ abi: escrowAbi, functionName: 'refund', args: [terms] })
    await world.mined(oddToken.write.setHook([escrow.address, hook], as(stranger)))
    await world.warp(terms.refundAt)
    // The push fails inside the guard, so the refund ends as credit: paid once.
    await world.mined(escrow.write.refund([terms], as(stranger)))
    assert.equal(await escrow.read.credit([client.address]), terms.maxAmount)
    await rejectsWith(
      escrow.simulate.withdrawCredit([client.address], { account: client.account }),
      'ReentrancyGuardReentrantCall',
    )
  })
})
