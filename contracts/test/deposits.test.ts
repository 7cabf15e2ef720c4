/** Paying for an order with an ordinary transfer, and getting back whatever the order did not take. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, getAddress, isAddressEqual, parseAbi, zeroAddress } from 'viem'

import { depositAddressOf, payDeposit } from './support/deposits.ts'
import { type Terms, orderIdOf, someTerms } from './support/messages.ts'
import { fundedOrder, settle } from './support/orders.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { eventsOf } from './support/told.ts'
import { type Actor, DAY, USDC, type World, as, openWorld, withSecondEscrow } from './support/world.ts'

const BLACKLISTED = 'Blacklistable: account is blacklisted'

describe('a deposit address', () => {
  let world: World
  let terms: Terms
  let account: Address
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(async () => {
    await reset()
    terms = await someTerms(world)
    account = await depositAddressOf(world, terms)
  })
  after(() => world[Symbol.asyncDispose]())

  const balance = (holder: Address | Actor) =>
    world.usdc.read.balanceOf([typeof holder === 'string' ? holder : holder.address])
  const fund = () => world.mined(world.escrow.write.fundFromDepositAddress([terms], as(world.stranger)))
  const sweep = () => world.mined(world.escrow.write.sweepToClient([terms, world.usdc.address], as(world.stranger)))
  const trySweep = (by: Actor = world.stranger) =>
    world.escrow.simulate.sweepToClient([terms, world.usdc.address], { account: by.account })
  const tryFund = (changed: Terms = terms) =>
    world.escrow.simulate.fundFromDepositAddress([changed], { account: world.stranger.account })
  const blacklist = (who: Address, on = true) =>
    world.mined(world.testUsdc.write.setBlacklisted([who, on], as(world.deployer)))

  describe('is known beforehand:', () => {
    it('the escrow and CREATE2 agree on it, before and after anything is there', async () => {
      const { escrow, publicClient } = world
      assert.equal(await escrow.read.depositAddressOf([terms]), account)
      assert.equal(await publicClient.getCode({ address: account }), undefined)
      await payDeposit(world, terms, terms.maxAmount)
      await fund()
      assert.equal(await escrow.read.depositAddressOf([terms]), account)
      const implementation = (await escrow.read.DEPOSIT_ACCOUNT()).toLowerCase().slice(2)
      const code = `0x363d3d373d3d3d363d73${implementation}5af43d82803e903d91602b57fd5bf3`
      assert.equal(await publicClient.getCode({ address: account }), code)
    })

    it('any other terms have another one', async () => {
      const seen = new Set([account])
      const changes: Partial<Terms>[] = [
        { client: world.stranger.address },
        { aggregator: world.stranger.address },
        { maxAmount: terms.maxAmount + 1n },
        { settleBy: terms.settleBy + 1 },
        { refundAt: terms.refundAt + 1 },
        { quorumId: 0 },
        { feeBps: 0 },
        { specHash: terms.salt },
        { salt: terms.specHash },
      ]
      for (const change of changes) seen.add(await world.escrow.read.depositAddressOf([{ ...terms, ...change }]))
      assert.equal(seen.size, changes.length + 1)
    })

    it('another escrow has another one for the same terms', async () => {
      const away = await withSecondEscrow(world)
      const there = await depositAddressOf(away, terms)
      assert.equal(await away.escrow.read.depositAddressOf([terms]), there)
      assert.ok(!isAddressEqual(there, account))
    })

    it('terms without a client have none', async () => {
      const nobody = { ...terms, client: zeroAddress }
      await rejectsWith(world.escrow.read.depositAddressOf([nobody]), 'ZeroClient')
      await rejectsWith(tryFund(nobody), 'ZeroClient')
    })
  })

  describe('funds the order', () => {
    it('with exactly enough, by a stranger', async () => {
      const { escrow, client } = world
      await payDeposit(world, terms, terms.maxAmount)
      const receipt = await fund()
      const id = orderIdOf(world, terms)
      assert.deepEqual(eventsOf(escrow, receipt), [
        ['OrderFunded', { orderId: id, client: client.address, aggregator: terms.aggregator, terms }],
      ])
      const { status, remaining } = await escrow.read.order([id])
      assert.deepEqual([status, remaining, await balance(account)], [1, terms.maxAmount, 0n])
      assert.equal(await balance(escrow.address), terms.maxAmount)
    })

    it('with what several wallets sent', async () => {
      await payDeposit(world, terms, terms.maxAmount - 1n)
      await rejectsWith(tryFund(), 'DepositTooSmall', [account, terms.maxAmount - 1n, terms.maxAmount])
      await payDeposit(world, terms, 1n, world.detector)
      await fund()
    })

    it('not with nothing, and leaves nothing behind when it fails', async () => {
      await rejectsWith(tryFund(), 'DepositTooSmall', [account, 0n, terms.maxAmount])
      assert.equal((await world.escrow.read.order([orderIdOf(world, terms)])).status, 0)
      assert.equal(await world.publicClient.getCode({ address: account }), undefined)
    })

    it('with too much, and sends the surplus to the client at once', async () => {
      const { escrow, usdc, client } = world
      await payDeposit(world, terms, terms.maxAmount + 7n, world.detector)
      const before = await balance(client)
      const receipt = await fund()
      const id = orderIdOf(world, terms)
      assert.equal(await balance(client), before + 7n)
      assert.deepEqual(eventsOf(escrow, receipt)[1], [
        'DepositSwept',
        { orderId: id, client: client.address, token: getAddress(usdc.address), amount: 7n },
      ])
      assert.deepEqual([await balance(account), await balance(escrow.address)], [0n, terms.maxAmount])
    })

    it('with all the money there is: 2^64 - 1, and a surplus beyond', async () => {
      const { testUsdc, client, escrow } = world
      terms = await someTerms(world, { maxAmount: 2n ** 64n - 1n })
      account = await depositAddressOf(world, terms)
      await world.mined(testUsdc.write.mint([account, 2n ** 70n], as(client)))
      const before = await balance(client)
      await fund()
      assert.equal((await escrow.read.order([orderIdOf(world, terms)])).remaining, terms.maxAmount)
      assert.equal(await balance(client), before + 2n ** 70n - terms.maxAmount)
    })

    it('when the account is there already', async () => {
      await payDeposit(world, terms, 1n)
      await world.mined(world.escrow.write.sweepToClient([terms, world.usdc.address], as(world.client)))
      assert.notEqual(await world.publicClient.getCode({ address: account }), undefined)
      await payDeposit(world, terms, terms.maxAmount)
      await fund()
      await payDeposit(world, terms, 1n)
      await sweep()
    })

    it('once: a second payment goes back to the client, and no third order comes of it', async () => {
      const { client, escrow } = world
      const before = await balance(client)
      await payDeposit(world, terms, terms.maxAmount)
      await fund()
      await payDeposit(world, terms, terms.maxAmount)
      const id = orderIdOf(world, terms)
      await rejectsWith(tryFund(), 'OrderExists', [id])
      const receipt = await sweep()
      assert.deepEqual(eventsOf(escrow, receipt), [
        [
          'DepositSwept',
          {
            orderId: id,
            client: client.address,
            token: getAddress(world.usdc.address),
            amount: terms.maxAmount,
          },
        ],
      ])
      assert.equal(await balance(client), before - terms.maxAmount)
    })

    it('strictly before settleBy', async () => {
      await payDeposit(world, terms, terms.maxAmount)
      await world.warp(terms.settleBy - 1)
      await tryFund()
      await rejectsWith(trySweep(), 'DepositStillFundable', [terms.settleBy])
      await world.warp(terms.settleBy)
      await rejectsWith(tryFund(), 'TooLate', [BigInt(terms.settleBy)])
      await trySweep()
    })

    it('under the rules of every order', async () => {
      const now = await world.now()
      const broken: [Partial<Terms>, string][] = [
        [{ maxAmount: 0n }, 'ZeroAmount'],
        [{ aggregator: zeroAddress }, 'ZeroAggregator'],
        [{ feeBps: 501 }, 'FeeBpsOverCap'],
        [{ settleBy: now }, 'TooLate'],
        [{ settleBy: terms.refundAt + 1 }, 'RefundBeforeSettle'],
        [{ refundAt: now + 8 * DAY }, 'RefundTooLate'],
        [{ quorumId: 2 }, 'QuorumUnknown'],
      ]
      for (const [change, error] of broken) {
        const never = { ...terms, ...change }
        await payDeposit(world, never, 20n * USDC)
        await rejectsWith(tryFund(never), error)
      }
    })
  })

  describe('gives money back to the client', () => {
    it('at any time when the client asks, also before anything is funded', async () => {
      const { escrow, client } = world
      const before = await balance(client)
      await payDeposit(world, terms, 3n)
      await world.mined(escrow.write.sweepToClient([terms, world.usdc.address], as(client)))
      assert.deepEqual([await balance(client), await balance(account)], [before, 0n])
      await rejectsWith(trySweep(client), 'NothingToSweep', [account])
    })

    it('not because a stranger asks while the order can be funded', async () => {
      await payDeposit(world, terms, 3n)
      for (const by of [world.stranger, world.aggregator, world.deployer])
        await rejectsWith(trySweep(by), 'DepositStillFundable', [terms.settleBy])
    })

    it('late, when the order was settled, was refunded, or never came to be', async () => {
      const { client, escrow } = world
      const orders = {
        settled: await fundedOrder(world),
        refunded: await fundedOrder(world),
        never: { terms: await someTerms(world), id: '0x' },
      }
      const { settled, refunded } = orders
      await settle(world, [{ orderId: settled.id, charged: 1n }], [{ index: 6, amount: 1n }])
      await world.warp(refunded.terms.refundAt)
      await world.mined(escrow.write.refund([refunded.terms], as(client)))
      for (const order of Object.values(orders)) {
        ;({ terms } = order)
        await payDeposit(world, terms, 5n, world.detector)
        const before = await balance(client)
        await sweep()
        assert.equal(await balance(client), before + 5n)
      }
    })

    it('as often as it comes', async () => {
      await payDeposit(world, terms, terms.maxAmount)
      await fund()
      const before = await balance(world.client)
      for (let i = 1n; i <= 3n; i += 1n) {
        await payDeposit(world, terms, i, world.detector)
        await sweep()
      }
      assert.equal(await balance(world.client), before + 6n)
    })

    it('when its terms can never be funded: the client at once, anyone after settleBy', async () => {
      terms = await someTerms(world, { feeBps: 501 })
      await payDeposit(world, terms, terms.maxAmount)
      await rejectsWith(trySweep(), 'DepositStillFundable')
      await trySweep(world.client)
      await world.warp(terms.settleBy)
      const before = await balance(world.client)
      await sweep()
      assert.equal(await balance(world.client), before + terms.maxAmount)
    })

    it('in any other token, whoever asks and whenever', async () => {
      const { escrow, client, stranger, connection } = world
      const token = world.usdcAt((await connection.viem.deployContract('TestUsdc')).address)
      await world.mined(token.write.mint([account, 9n], as(stranger)))
      await payDeposit(world, terms, terms.maxAmount)
      const receipt = await world.mined(escrow.write.sweepToClient([terms, token.address], as(stranger)))
      assert.deepEqual([await token.read.balanceOf([client.address]), await balance(account)], [9n, terms.maxAmount])
      const told = { orderId: orderIdOf(world, terms), client: client.address, token: getAddress(token.address) }
      assert.deepEqual(eventsOf(escrow, receipt), [['DepositSwept', { ...told, amount: 9n }]])
      await fund()
    })

    it('not in a token that is no contract, or not one', async () => {
      const { escrow, stranger, quorums } = world
      await assert.rejects(escrow.simulate.sweepToClient([terms, stranger.address], { account: stranger.account }))
      await assert.rejects(escrow.simulate.sweepToClient([terms, quorums.address], { account: stranger.account }))
    })

    it('and to nobody else, whatever terms are named', async () => {
      await payDeposit(world, terms, terms.maxAmount)
      const diverted = { ...terms, client: world.stranger.address }
      const { escrow, usdc, stranger } = world
      const elsewhere = await escrow.read.depositAddressOf([diverted])
      const call = escrow.simulate.sweepToClient([diverted, usdc.address], { account: stranger.account })
      await rejectsWith(call, 'NothingToSweep', [elsewhere])
      await rejectsWith(tryFund(diverted), 'DepositTooSmall')
    })
  })

  describe('when the token refuses', () => {
    it('the client: the order is funded, the surplus waits, and comes once the client is freed', async () => {
      const { client, escrow } = world
      await payDeposit(world, terms, terms.maxAmount + 7n)
      await blacklist(client.address)
      const receipt = await fund()
      assert.deepEqual(
        eventsOf(escrow, receipt).map(([name]) => name),
        ['OrderFunded'],
      )
      assert.equal(await balance(account), 7n)
      await rejectsWithReason(trySweep(), BLACKLISTED)
      await blacklist(client.address, false)
      await sweep()
      assert.equal(await balance(account), 0n)
    })

    it('the escrow: nothing is funded, and the client gets its money', async () => {
      const { client, escrow } = world
      const before = await balance(client)
      await payDeposit(world, terms, terms.maxAmount)
      await blacklist(escrow.address)
      await rejectsWithReason(tryFund(), BLACKLISTED)
      await world.mined(escrow.write.sweepToClient([terms, world.usdc.address], as(client)))
      assert.equal(await balance(client), before)
    })

    it('the deposit address: its money waits until it is freed', async () => {
      await payDeposit(world, terms, terms.maxAmount)
      await blacklist(account)
      await rejectsWithReason(tryFund(), BLACKLISTED)
      await rejectsWithReason(trySweep(world.client), BLACKLISTED)
      await blacklist(account, false)
      await fund()
    })

    it('everybody, by a pause: all waits', async () => {
      await payDeposit(world, terms, terms.maxAmount)
      await world.mined(world.testUsdc.write.setPaused([true], as(world.deployer)))
      await rejectsWithReason(tryFund(), 'Pausable: paused')
      await rejectsWithReason(trySweep(world.client), 'Pausable: paused')
    })
  })

  it('of one order does not touch that of another', async () => {
    const { escrow, client } = world
    const many = [terms, await someTerms(world), await someTerms(world, { quorumId: 0 })]
    for (const [i, one] of many.entries()) await payDeposit(world, one, one.maxAmount + BigInt(i))
    const before = await balance(client)
    await world.mined(escrow.write.fundFromDepositAddress([many[2] as Terms], as(world.stranger)))
    await world.mined(escrow.write.fundFromDepositAddress([many[0] as Terms], as(world.stranger)))
    assert.equal(await balance(client), before + 2n)
    assert.equal(await balance(escrow.address), 2n * terms.maxAmount)
    assert.equal(await balance(await depositAddressOf(world, many[1] as Terms)), terms.maxAmount + 1n)
    const states = await Promise.all(many.map((one) => escrow.read.order([orderIdOf(world, one)])))
    assert.deepEqual(
      states.map(({ status }) => status),
      [1, 0, 1],
    )
  })

  it('obeys the escrow alone, and so does the contract it is a clone of', async () => {
    const { escrow, usdc, stranger, publicClient } = world
    const abi = parseAbi([
      'function flush(address token, address to, uint256 amount)',
      'function ESCROW() view returns (address)',
      'error NotEscrow(address caller)',
    ])
    await payDeposit(world, terms, terms.maxAmount)
    await fund()
    await payDeposit(world, terms, 1n)
    for (const address of [account, await escrow.read.DEPOSIT_ACCOUNT()]) {
      assert.equal(
        await publicClient.readContract({ address, abi, functionName: 'ESCROW' }),
        getAddress(escrow.address),
      )
      for (const by of [stranger, world.client]) {
        const call = publicClient.simulateContract({
          address,
          abi,
          functionName: 'flush',
          args: [usdc.address, by.address, 1n],
          account: by.account,
        })
        await rejectsWith(call, 'NotEscrow', [by.address])
      }
    }
  })

  it('cannot be robbed of its surplus by starving the call of gas: it stays to be swept', async () => {
    const { client } = world
    await payDeposit(world, terms, terms.maxAmount + 7n)
    const before = await balance(client)
    const gas = await world.escrow.estimateGas.fundFromDepositAddress([terms], { account: world.stranger.account })
    for (let given = gas - 30_000n; given <= gas; given += 500n) {
      const options = { account: world.stranger.account, gas: given }
      const hash = await world.escrow.write.fundFromDepositAddress([terms], options).catch(() => undefined)
      if (hash === undefined) continue
      const { status } = await world.publicClient.getTransactionReceipt({ hash })
      if (status === 'success') break
    }
    const waiting = await balance(account)
    assert.equal((await world.escrow.read.order([orderIdOf(world, terms)])).status, 1)
    if (waiting !== 0n) await sweep()
    assert.equal(await balance(client), before + 7n)
  })
})
