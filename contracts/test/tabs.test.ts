/** Paying into tabs and getting money back out; what draws them is in `tab-draws.test.ts`. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { encodeFunctionData, zeroAddress } from 'viem'

import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import { FAR_FUTURE, signAuthorization } from './support/messages.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import {
  type DepositArgs,
  SALT,
  awaitExit,
  drawBatch,
  drawTab,
  signedBatch,
  signedDeposit,
  someDraw,
  tabOf,
  topUp,
} from './support/tabs.ts'
import { eventsOf } from './support/told.ts'
import { type Actor, DAY, USDC, type World, as, openWorld, withSecondEscrow } from './support/world.ts'

const AMOUNT = 10n * USDC
const MOST = 2n ** 64n - 1n
const EMPTY = { deposited: 0n, spent: 0n, exiting: 0n, exitAt: 0, generation: 0 }

describe('a tab', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const tab = () => world.escrow.read.tab(tabOf(world))
  const balance = (actor: Actor) => world.usdc.read.balanceOf([actor.address])
  const startExit = (amount: bigint) =>
    world.escrow.write.startTabExit([world.aggregator.address, amount], as(world.client))
  const finishExit = () => world.escrow.write.finishTabExit(tabOf(world), as(world.stranger))

  describe('paid into by allowance', () => {
    it("takes exactly the amount from the caller and adds it to the client's tab", async () => {
      const { escrow, client, aggregator } = world
      const before = await balance(client)
      const first = await world.mined(escrow.write.topUpTab([...tabOf(world), AMOUNT], as(client)))
      await world.mined(escrow.write.topUpTab([...tabOf(world), 5n], as(client)))

      assert.equal(await balance(client), before - AMOUNT - 5n)
      assert.equal(await world.usdc.read.balanceOf([escrow.address]), AMOUNT + 5n)
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT + 5n })
      assert.deepEqual(eventsOf(escrow, first), [
        [
          'TabToppedUp',
          {
            client: client.address,
            aggregator: aggregator.address,
            payer: client.address,
            amount: AMOUNT,
            deposited: AMOUNT,
          },
        ],
      ])
    })

    it('takes a gift from a stranger, who gets no say in it', async () => {
      const { escrow, client, aggregator, stranger } = world
      const before = await balance(stranger)
      const receipt = await world.mined(escrow.write.topUpTab([...tabOf(world), AMOUNT], as(stranger)))

      assert.equal(await balance(stranger), before - AMOUNT)
      assert.equal((await tab()).deposited, AMOUNT)
      assert.equal((await escrow.read.tab([stranger.address, aggregator.address])).deposited, 0n)
      const [[, args] = []] = eventsOf(escrow, receipt)
      assert.equal((args as { payer: string }).payer, stranger.address)
      const theirs = escrow.simulate.startTabExit([aggregator.address, 1n], { account: stranger.account })
      await rejectsWith(theirs, 'TabOverdraw', [stranger.address, 0n, 1n])
      await escrow.simulate.startTabExit([aggregator.address, AMOUNT], { account: client.account })
    })

    it('refuses nothing, nobody and more than there is', async () => {
      const { escrow, client, aggregator, usdc } = world
      const pay = (who: `0x${string}`, whom: `0x${string}`, amount: bigint) =>
        escrow.simulate.topUpTab([who, whom, amount], { account: client.account })
      await rejectsWith(pay(client.address, aggregator.address, 0n), 'ZeroAmount')
      await rejectsWith(pay(zeroAddress, aggregator.address, 1n), 'ZeroClient')
      await rejectsWith(pay(client.address, zeroAddress, 1n), 'ZeroAggregator')
      const rich = (await balance(client)) + 1n
      await rejectsWithReason(pay(client.address, aggregator.address, rich), 'ERC20: transfer amount exceeds balance')
      await world.mined(usdc.write.approve([escrow.address, AMOUNT - 1n], as(client)))
      await rejectsWithReason(
        pay(client.address, aggregator.address, AMOUNT),
        'ERC20: transfer amount exceeds allowance',
      )
    })

    it('keeps apart the tabs of one client with two aggregators and of two clients with one', async () => {
      const { escrow, client, aggregator, stranger, detector } = world
      const tabs = [
        [client.address, aggregator.address],
        [client.address, detector.address],
        [stranger.address, aggregator.address],
      ] as const
      for (const [i, pair] of tabs.entries())
        await world.mined(escrow.write.topUpTab([...pair, BigInt(i + 1)], as(client)))
      for (const [i, pair] of tabs.entries()) assert.equal((await escrow.read.tab(pair)).deposited, BigInt(i + 1))
    })

    it('holds up to 2^64 - 1 in one generation, and one unit more is refused', async () => {
      const { escrow, client, testUsdc } = world
      await world.mined(testUsdc.write.mint([client.address, MOST], as(client)))
      await topUp(world, MOST)
      assert.equal((await tab()).deposited, MOST)
      const more = escrow.simulate.topUpTab([...tabOf(world), 1n], { account: client.account })
      await rejectsWith(more, 'TabFull', [...tabOf(world), MOST])
      await drawTab(world, MOST)
      assert.deepEqual([(await tab()).spent, await escrow.read.earningsOf([6])], [MOST, MOST])
    })
  })

  describe('paid into by authorization', () => {
    const pay = (args: DepositArgs) =>
      world.escrow.simulate.topUpTabWithAuthorization(args, { account: world.stranger.account })

    it('takes the amount from the client, whoever submits it, once', async () => {
      const { escrow, client, aggregator, stranger } = world
      const before = await balance(client)
      const args = await signedDeposit(world)
      const receipt = await world.mined(escrow.write.topUpTabWithAuthorization(args, as(stranger)))

      assert.equal(await balance(client), before - AMOUNT)
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT })
      const told = { client: client.address, aggregator: aggregator.address, payer: client.address }
      assert.deepEqual(eventsOf(escrow, receipt), [['TabToppedUp', { ...told, amount: AMOUNT, deposited: AMOUNT }]])
      await rejectsWithReason(pay(args), 'FiatTokenV2: authorization is used or canceled')
    })

    it('uses the digest of the deposit as the nonce', async () => {
      const { escrow, usdc, client, aggregator, stranger } = world
      await world.mined(escrow.write.topUpTabWithAuthorization(await signedDeposit(world), as(stranger)))
      const nonce = await escrow.read.hashTabDeposit([client.address, aggregator.address, AMOUNT, SALT])
      assert.equal(await usdc.read.authorizationState([client.address, nonce]), true)
    })

    it('takes two deposits that differ in the salt alone', async () => {
      const { escrow, stranger } = world
      await world.mined(escrow.write.topUpTabWithAuthorization(await signedDeposit(world), as(stranger)))
      const other = await signedDeposit(world, { salt: `0x${'01'.repeat(32)}` })
      await world.mined(escrow.write.topUpTabWithAuthorization(other, as(stranger)))
      assert.equal((await tab()).deposited, 2n * AMOUNT)
    })

    it('cannot be redirected: every field is in the nonce', async () => {
      const { stranger, detector } = world
      const [client, aggregator, amount, validAfter, validBefore, salt, signature] = await signedDeposit(world)
      const rest = [validAfter, validBefore] as const
      const invalid = 'FiatTokenV2: invalid signature'
      await rejectsWithReason(pay([client, detector.address, amount, ...rest, salt, signature]), invalid)
      await rejectsWithReason(pay([stranger.address, aggregator, amount, ...rest, salt, signature]), invalid)
      await rejectsWithReason(pay([client, aggregator, amount - 1n, ...rest, salt, signature]), invalid)
      await rejectsWithReason(pay([client, aggregator, amount, 1n, validBefore, salt, signature]), invalid)
      await rejectsWithReason(pay([client, aggregator, amount, 0n, validBefore - 1n, salt, signature]), invalid)
      await rejectsWithReason(pay([client, aggregator, amount, ...rest, `0x${'02'.repeat(32)}`, signature]), invalid)
      await pay([client, aggregator, amount, ...rest, salt, signature])
    })

    it('cannot be submitted to another escrow, nor to the token by a stranger', async () => {
      const { usdc, client, stranger } = world
      const away = await withSecondEscrow(world)
      const args = await signedDeposit(world)
      const there = away.escrow.simulate.topUpTabWithAuthorization(args, { account: stranger.account })
      await rejectsWithReason(there, 'FiatTokenV2: invalid signature')
      const nonce = await world.escrow.read.hashTabDeposit([args[0], args[1], args[2], args[5]])
      const direct = usdc.simulate.receiveWithAuthorization(
        [client.address, world.escrow.address, AMOUNT, 0n, FAR_FUTURE, nonce, args[6]],
        { account: stranger.account },
      )
      await rejectsWithReason(direct, 'FiatTokenV2: caller must be the payee')
    })

    it('refuses what is early, late, cut short, or of nothing and nobody', async () => {
      const { client, aggregator } = world
      const now = BigInt(await world.now())
      const nonce = await world.escrow.read.hashTabDeposit([client.address, aggregator.address, AMOUNT, SALT])
      const sign = (validity: { validAfter?: bigint; validBefore?: bigint }) =>
        signAuthorization(world, { from: client, to: world.escrow.address, value: AMOUNT, nonce, ...validity })
      const base = [...tabOf(world), AMOUNT] as const
      const early = pay([...base, now, FAR_FUTURE, SALT, await sign({ validAfter: now })])
      await rejectsWithReason(early, 'FiatTokenV2: authorization is not yet valid')
      const late = pay([...base, 0n, now, SALT, await sign({ validBefore: now })])
      await rejectsWithReason(late, 'FiatTokenV2: authorization is expired')
      await rejectsWithReason(pay([...base, 0n, FAR_FUTURE, SALT, '0x12']), 'FiatTokenV2: invalid signature')

      await rejectsWith(pay(await signedDeposit(world, { amount: 0n })), 'ZeroAmount')
      await rejectsWith(pay(await signedDeposit(world, { client: zeroAddress })), 'ZeroClient')
      await rejectsWith(pay(await signedDeposit(world, { aggregator: zeroAddress })), 'ZeroAggregator')
    })
  })

  describe('left', () => {
    it('pays everything after the delay, by a stranger, and not a second before', async () => {
      const { escrow, client, aggregator } = world
      const before = await balance(client)
      await topUp(world)
      const started = await world.mined(startExit(AMOUNT))
      const exitAt = (await world.now()) + 7 * DAY
      const whose = { client: client.address, aggregator: aggregator.address }
      assert.deepEqual(eventsOf(escrow, started), [['TabExitStarted', { ...whose, amount: AMOUNT, exitAt }]])
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT, exiting: AMOUNT, exitAt })

      await world.warp(exitAt - 1)
      await rejectsWith(escrow.simulate.finishTabExit(tabOf(world)), 'TooEarly', [BigInt(exitAt)])
      await world.warp(exitAt)
      const finished = await world.mined(finishExit())
      assert.deepEqual(eventsOf(escrow, finished), [['TabExitFinished', { ...whose, amount: AMOUNT, pushed: true }]])
      assert.equal(await balance(client), before)
      assert.deepEqual(await tab(), { ...EMPTY, generation: 1 })
      await rejectsWith(escrow.simulate.finishTabExit(tabOf(world)), 'NoTabExit', [client.address, aggregator.address])
    })

    it('in part leaves the rest to the next generation', async () => {
      const before = await balance(world.client)
      await topUp(world)
      await drawTab(world, 2n * USDC)
      await awaitExit(world, 5n * USDC)
      await world.mined(finishExit())
      assert.deepEqual(await tab(), { ...EMPTY, deposited: 3n * USDC, generation: 1 })
      assert.equal(await balance(world.client), before - AMOUNT + 5n * USDC)
      await drawTab(world, 3n * USDC, { generation: 1 })
      assert.equal(await world.escrow.read.earningsOf([6]), 5n * USDC)
    })

    it('cannot be kept from voiding vouchers by a unit paid in at the last moment', async () => {
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await topUp(world, 1n)
      await world.mined(finishExit())
      assert.deepEqual(await tab(), { ...EMPTY, deposited: 1n, generation: 1 })
      await assert.rejects(drawTab(world, 1n))
    })

    it('can be drawn meanwhile; the exit pays what that leaves of it', async () => {
      const before = await balance(world.client)
      await topUp(world)
      await world.mined(startExit(8n * USDC))
      await drawTab(world, 3n * USDC)
      await world.warp((await tab()).exitAt)
      await drawTab(world, 4n * USDC)
      await world.mined(finishExit())
      assert.equal(await balance(world.client), before - 4n * USDC)
      assert.deepEqual(await tab(), { ...EMPTY, generation: 1 })
    })

    it('pays nothing, and still closes the tab, when draws left nothing', async () => {
      const { escrow } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await drawTab(world, AMOUNT)
      const [[, args] = []] = eventsOf(escrow, await world.mined(finishExit()))
      assert.deepEqual([(args as { amount: bigint }).amount, (await tab()).generation], [0n, 1])
    })

    it('is called off by asking for nothing', async () => {
      const { escrow, client, aggregator } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      const receipt = await world.mined(startExit(0n))
      const told = { client: client.address, aggregator: aggregator.address, amount: 0n, exitAt: 0 }
      assert.deepEqual(eventsOf(escrow, receipt), [['TabExitStarted', told]])
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT })
      await rejectsWith(escrow.simulate.finishTabExit(tabOf(world)), 'NoTabExit')
    })

    it('is replaced by another, and waits again', async () => {
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await world.mined(startExit(1n))
      const exitAt = (await world.now()) + 7 * DAY
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT, exiting: 1n, exitAt })
      await rejectsWith(world.escrow.simulate.finishTabExit(tabOf(world)), 'TooEarly', [BigInt(exitAt)])
    })

    it('does not take what is paid in after it was asked for', async () => {
      const before = await balance(world.client)
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await topUp(world, 3n)
      await world.mined(finishExit())
      assert.equal(await balance(world.client), before - 3n)
      assert.deepEqual(await tab(), { ...EMPTY, deposited: 3n, generation: 1 })
    })

    it('begins again in the next generation, where no old voucher counts', async () => {
      const { escrow, client } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      const old = await someDraw(world, { spentAfter: 1n, ceiling: AMOUNT })
      await world.mined(finishExit())
      await topUp(world)
      assert.deepEqual(await tab(), { ...EMPTY, deposited: AMOUNT, generation: 1 })
      const replayed = await signedBatch(world, drawBatch(world, [old], [{ index: 6, amount: 1n }]))
      await rejectsWith(escrow.simulate.settle(replayed), 'BadSignature', [client.address])
      await drawTab(world, 1n, { generation: 1 })
    })

    it('goes to the credit of a blacklisted client, who takes it elsewhere', async () => {
      const { escrow, testUsdc, usdc, client, aggregator, detector, deployer } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(deployer)))
      const receipt = await world.mined(finishExit())

      const told = { client: client.address, aggregator: aggregator.address, amount: AMOUNT, pushed: false }
      assert.deepEqual(eventsOf(escrow, receipt), [['TabExitFinished', told]])
      assert.deepEqual(await tab(), { ...EMPTY, generation: 1 })
      const before = await usdc.read.balanceOf([detector.address])
      await world.mined(escrow.write.withdrawCredit([detector.address], as(client)))
      assert.equal(await usdc.read.balanceOf([detector.address]), before + AMOUNT)
    })

    it('goes to credit while the token is paused', async () => {
      const { escrow, testUsdc, client, deployer } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      await world.mined(testUsdc.write.setPaused([true], as(deployer)))
      await world.mined(finishExit())
      assert.equal(await escrow.read.credit([client.address]), AMOUNT)
    })

    it('cannot be pushed into credit by starving it of gas', async () => {
      const { escrow, client, stranger } = world
      await topUp(world)
      await awaitExit(world, AMOUNT)
      const data = encodeFunctionData({ abi: escrowAbi, functionName: 'finishTabExit', args: tabOf(world) })
      for (let gas = 30_000n; gas <= 130_000n; gas += 250n) {
        const hash = await world.walletClient
          .sendTransaction({ account: stranger.account, to: escrow.address, data, gas })
          .catch(() => undefined)
        if (hash === undefined) continue
        const { status } = await world.publicClient.getTransactionReceipt({ hash })
        assert.equal(await escrow.read.credit([client.address]), 0n, `credited with ${gas} gas`)
        if (status === 'success') return
      }
      assert.fail('the exit never went through')
    })
  })
})
