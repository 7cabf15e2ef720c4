/** What draws a tab: vouchers, and batches with tabs in them. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, type Hex, encodeFunctionData, getAddress, sliceHex, zeroAddress } from 'viem'

import {
  type Batch,
  type Draw,
  type Payout,
  batchDigest,
  packOrders,
  packPayouts,
  packTabs,
  quorumSigns,
  withHighS,
} from './support/messages.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import { drawBatch, drawTab, signedBatch, someDraw, sorted, tabOf, topUp } from './support/tabs.ts'
import { eventsOf } from './support/told.ts'
import { type Actor, USDC, type World, as, openWorld, withSecondEscrow } from './support/world.ts'

const AMOUNT = 10n * USDC
const MOST = 2n ** 64n - 1n
const to6 = (amount: bigint): Payout[] => [{ index: 6, amount }]

describe('drawing a tab', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    const members = world.validators.map(({ address }) => address)
    await world.mined(world.quorums.write.createQuorum([members, 4, 0], as(world.stranger)))
    await topUp(world, AMOUNT)
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const tab = () => world.escrow.read.tab(tabOf(world))
  const attempt = async (batch: Batch) =>
    world.escrow.simulate.settle(await signedBatch(world, batch), { account: world.stranger.account })
  const settle = async (batch: Batch) =>
    world.mined(world.escrow.write.settle(await signedBatch(world, batch), as(world.stranger)))
  /** One draw of one unit, all else good. */
  const attemptDraw = async (draw: Draw) => attempt(drawBatch(world, [draw], to6(1n)))
  const topUpOf = async (client: Actor, amount: bigint) =>
    world.mined(world.escrow.write.topUpTab([client.address, world.aggregator.address, amount], as(world.client)))

  it('moves what was verified to operators and the fee to the aggregator', async () => {
    const { escrow, client, aggregator } = world
    const draw = await someDraw(world, { spentAfter: 4n * USDC, ceiling: 9n * USDC })
    const batch = drawBatch(world, [draw], to6(3_920_000n), { fee: 80_000n })
    const receipt = await settle(batch)

    assert.equal(await escrow.read.earningsOf([6]), 3_920_000n)
    assert.equal(await escrow.read.credit([aggregator.address]), 80_000n)
    assert.deepEqual([(await tab()).deposited, (await tab()).spent], [AMOUNT, 4n * USDC])
    const whose = { client: client.address, aggregator: aggregator.address }
    const digest = batchDigest(world, batch)
    assert.deepEqual(eventsOf(escrow, receipt), [
      ['TabDrawn', { ...whose, charged: 4n * USDC, spent: 4n * USDC }],
      ['BatchSettled', { digest, aggregator: aggregator.address, quorumId: 1, charged: 4n * USDC, fee: 80_000n }],
    ])
  })

  it('goes up to the ceiling of one voucher in several batches, and further with the next', async () => {
    const { escrow, client } = world
    for (const spentAfter of [1n, 2n, 5n]) await drawTab(world, spentAfter, { ceiling: 5n })
    const over = drawBatch(world, [await someDraw(world, { spentAfter: 6n, ceiling: 5n })], to6(1n))
    await rejectsWith(attempt(over), 'OverCeiling', [client.address, 5n, 6n])
    await drawTab(world, 6n, { ceiling: 7n })
    assert.equal(await escrow.read.earningsOf([6]), 6n)
  })

  it('happens once: the same batch again, and any batch to a lower or the same total, is refused', async () => {
    const { client } = world
    const batch = drawBatch(world, [await someDraw(world, { spentAfter: 5n })], to6(5n))
    await settle(batch)
    await rejectsWith(attempt(batch), 'TabReplayed', [client.address, 5n, 5n])
    const lower = drawBatch(world, [await someDraw(world, { spentAfter: 4n, ceiling: 9n })], to6(4n))
    await rejectsWith(attempt(lower), 'TabReplayed', [client.address, 5n, 4n])
    // Not even after more money has come.
    await topUp(world)
    await rejectsWith(attempt(batch), 'TabReplayed', [client.address, 5n, 5n])
  })

  it('drains a tab to exactly nothing, and no further', async () => {
    const { client } = world
    const over = drawBatch(world, [await someDraw(world, { spentAfter: AMOUNT + 1n })], to6(AMOUNT + 1n))
    await rejectsWith(attempt(over), 'TabOverdraw', [client.address, AMOUNT, AMOUNT + 1n])
    await drawTab(world, AMOUNT)
    assert.deepEqual(await tab(), { deposited: AMOUNT, spent: AMOUNT, exiting: 0n, exitAt: 0, generation: 0 })
    await topUp(world, 1n)
    await drawTab(world, AMOUNT + 1n)
    const { deposited, spent } = await tab()
    assert.deepEqual([deposited, spent], [AMOUNT + 1n, AMOUNT + 1n])
  })

  describe('refuses a voucher', () => {
    it('with any signed field changed', async () => {
      const { client } = world
      const good = await someDraw(world, { spentAfter: 1n, ceiling: 5n })
      await attemptDraw(good)
      await rejectsWith(attemptDraw({ ...good, ceiling: 6n }), 'BadSignature', [client.address])
      await rejectsWith(attemptDraw({ ...good, feeBps: 201 }), 'BadSignature', [client.address])
      await rejectsWith(attemptDraw({ ...good, client: world.stranger.address }), 'BadSignature', [
        world.stranger.address,
      ])
    })

    for (const [name, changes] of [
      ['for another aggregator', (w: World) => ({ aggregator: w.stranger.address })],
      ['of a later generation', () => ({ generation: 1 })],
      ['for another quorum', () => ({ quorumId: 2 })],
      ['for quorum 0', () => ({ quorumId: 0 })],
    ] as const) {
      it(name, async () => {
        const draw = await someDraw(world, { spentAfter: 1n, ...changes(world) })
        await rejectsWith(attemptDraw(draw), 'BadSignature', [world.client.address])
      })
    }

    it('of an earlier generation', async () => {
      const { escrow, client, stranger, aggregator } = world
      const draw = await someDraw(world, { spentAfter: 1n, generation: 0 })
      await attemptDraw(draw)
      await world.mined(escrow.write.startTabExit([aggregator.address, AMOUNT], as(client)))
      await world.warp((await tab()).exitAt)
      await world.mined(escrow.write.finishTabExit(tabOf(world), as(stranger)))
      await topUp(world)
      await rejectsWith(attemptDraw(draw), 'BadSignature', [client.address])
    })

    it('in a batch of another quorum, whoever signs that', async () => {
      const draw = await someDraw(world, { spentAfter: 1n })
      const batch = drawBatch(world, [draw], to6(1n), { quorumId: 2 })
      const signatures = await quorumSigns(world, batchDigest(world, batch), 4)
      await rejectsWith(world.escrow.simulate.settle([batch, signatures]), 'BadSignature', [world.client.address])
    })

    it('in a batch of another aggregator', async () => {
      const { client, stranger } = world
      const batch = drawBatch(world, [await someDraw(world, { spentAfter: 1n })], to6(1n))
      await rejectsWith(attempt({ ...batch, aggregator: stranger.address }), 'BadSignature', [client.address])
      // A voucher for the zero address finds no tab: nobody can pay into one.
      const toNobody = await someDraw(world, { spentAfter: 1n, aggregator: zeroAddress })
      const nobody = drawBatch(world, [toNobody], to6(1n), { aggregator: zeroAddress })
      await rejectsWith(attempt(nobody), 'TabOverdraw', [client.address, 0n, 1n])
    })

    it('signed by anyone but the client', async () => {
      const { client, aggregator, stranger } = world
      for (const signer of [stranger, aggregator, world.validators[0] as Actor]) {
        const draw = await someDraw(world, { spentAfter: 1n, signer, client: client.address })
        await rejectsWith(attemptDraw(draw), 'BadSignature', [client.address])
      }
    })

    it('with a mirrored, empty or odd signature', async () => {
      const { client } = world
      const draw = await someDraw(world, { spentAfter: 1n })
      const v = sliceHex(draw.signature, 64) === '0x1b' ? '00' : '01'
      const odd: Hex[] = [
        withHighS(draw.signature),
        `0x${'00'.repeat(65)}`,
        `${sliceHex(draw.signature, 0, 64)}${v}`,
        `${sliceHex(draw.signature, 0, 64)}1d`,
      ]
      for (const signature of odd)
        await rejectsWith(attemptDraw({ ...draw, signature }), 'BadSignature', [client.address])
    })

    it("with a fee above the code's cap", async () => {
      await rejectsWith(
        attemptDraw(await someDraw(world, { spentAfter: 1n, feeBps: 501 })),
        'FeeBpsOverCap',
        [501, 500],
      )
      await attemptDraw(await someDraw(world, { spentAfter: 1n, feeBps: 500 }))
    })

    it('of a contract wallet: its tab could only be drawn by a key, and it has none', async () => {
      const { escrow, client, aggregator, connection, walletClient, usdc } = world
      const { address } = await connection.viem.deployContract('TestWallet', [client.address])
      const wallet = getAddress(address)
      await world.mined(escrow.write.topUpTab([wallet, aggregator.address, AMOUNT], as(client)))
      const draw = await someDraw(world, { spentAfter: 1n, client: wallet })
      await rejectsWith(attemptDraw(draw), 'BadSignature', [wallet])
      // It can still leave by its own call.
      const before = await usdc.read.balanceOf([wallet])
      const contract = await connection.viem.getContractAt('TestWallet', wallet)
      const exit = encodeFunctionData({
        abi: escrow.abi,
        functionName: 'startTabExit',
        args: [aggregator.address, AMOUNT],
      })
      const data = encodeFunctionData({ abi: contract.abi, functionName: 'execute', args: [escrow.address, exit] })
      await world.mined(walletClient.sendTransaction({ ...as(client), to: wallet, data }))
      await world.warp((await escrow.read.tab([wallet, aggregator.address])).exitAt)
      await world.mined(escrow.write.finishTabExit([wallet, aggregator.address], as(world.stranger)))
      assert.equal(await usdc.read.balanceOf([wallet]), before + AMOUNT)
    })
  })

  describe('refuses tab records that are', () => {
    let ours: Draw
    let theirs: Draw
    beforeEach(async () => {
      await topUpOf(world.stranger, AMOUNT)
      const draws = [
        await someDraw(world, { spentAfter: 1n }),
        await someDraw(world, { spentAfter: 1n, signer: world.stranger }),
      ]
      ;[ours, theirs] = sorted(draws) as [Draw, Draw]
      await attempt(drawBatch(world, [ours, theirs], to6(2n)))
    })

    it('out of order', async () => {
      await rejectsWith(attempt(drawBatch(world, [theirs, ours], to6(2n))), 'TabsNotSorted', [ours.client])
    })
    it('of one client twice', async () => {
      const more = await someDraw(world, { spentAfter: 2n })
      const once = await someDraw(world, { spentAfter: 1n })
      await rejectsWith(attempt(drawBatch(world, [once, once], to6(2n))), 'TabsNotSorted', [once.client])
      await rejectsWith(attempt(drawBatch(world, [once, more], to6(2n))), 'TabsNotSorted', [once.client])
    })
    it("the zero address's", async () => {
      const nobody = { ...ours, client: zeroAddress, signature: `0x${'00'.repeat(65)}` as const }
      await rejectsWith(attempt(drawBatch(world, [nobody], to6(1n))), 'TabsNotSorted', [zeroAddress])
    })
    it('cut short or too long', async () => {
      const whole = packTabs([ours, theirs])
      for (const tabs of [sliceHex(whole, 0, 205), sliceHex(whole, 0, 1), `${whole}00` as Hex]) {
        const bytes = BigInt((tabs.length - 2) / 2)
        await rejectsWith(attempt(drawBatch(world, [], to6(2n), { tabs })), 'BadLength', [bytes, 103n])
      }
    })
    it('none, beside no orders', async () => {
      await rejectsWith(attempt(drawBatch(world, [], [])), 'EmptyBatch')
    })
    it('not those that the quorum signed', async () => {
      const batch = drawBatch(world, [ours, theirs], to6(2n))
      const [, signatures] = await signedBatch(world, batch)
      const swapped = { ...batch, tabs: packTabs([ours]), payouts: packPayouts(to6(1n)) }
      await rejectsWith(world.escrow.simulate.settle([swapped, signatures]), /NotMember|SignersNotSorted/)
    })
    it('good but for one: the batch is all or nothing', async () => {
      const bad = await someDraw(world, { spentAfter: AMOUNT + 1n, signer: world.stranger })
      const draws = sorted([await someDraw(world, { spentAfter: 1n }), bad])
      await rejectsWith(attempt(drawBatch(world, draws, to6(AMOUNT + 2n))), 'TabOverdraw')
      assert.equal((await tab()).spent, 0n)
    })
  })

  describe('in one batch with orders', () => {
    it('charges both, pays both, and the books stay even', async () => {
      const { escrow, usdc, client, stranger, aggregator } = world
      await topUpOf(stranger, AMOUNT)
      const orders = [await fundedOrder(world), await fundedOrder(world, { feeBps: 0 })]
      const draws = sorted([
        await someDraw(world, { spentAfter: 3_000_000n }),
        await someDraw(world, { spentAfter: 7_000_000n, signer: stranger, feeBps: 500 }),
      ])
      const batch = mixed(orders, 1_000_000n, draws, [
        { index: 6, amount: 10_000_000n },
        { index: 21, amount: 1_570_000n },
      ])
      // 2 % of 1 and 3 USDC, 5 % of 7, nothing of the other order.
      const receipt = await settle({ ...batch, fee: 430_000n })
      const names = eventsOf(escrow, receipt).map(([name]) => name)
      assert.deepEqual(names, ['OrderSettled', 'OrderSettled', 'TabDrawn', 'TabDrawn', 'BatchSettled'])

      for (const { terms } of orders) await world.mined(escrow.write.refund([terms], as(stranger)))
      const tabs = await Promise.all(
        [client, stranger].map(({ address }) => escrow.read.tab([address, aggregator.address])),
      )
      const inTabs = tabs.reduce((sum, { deposited, spent }) => sum + deposited - spent, 0n)
      const earned = (await escrow.read.earningsOf([6])) + (await escrow.read.earningsOf([21]))
      const owed = inTabs + earned + (await escrow.read.credit([aggregator.address]))
      assert.equal(await usdc.read.balanceOf([escrow.address]), owed)
      assert.equal(earned, 11_570_000n)
    })

    it('caps the fee by each order and each tab, rounded down for each', async () => {
      await topUpOf(world.stranger, AMOUNT)
      const order = await fundedOrder(world, { feeBps: 500 })
      const draws = sorted([
        await someDraw(world, { spentAfter: 1_019n, feeBps: 500 }),
        await someDraw(world, { spentAfter: 1_019n, feeBps: 0, signer: world.stranger }),
      ])
      // 50.95 and 50.95 and 0: each is rounded, not their sum.
      const over = { ...mixed([order], 1_019n, draws, to6(3_057n - 101n)), fee: 101n }
      await rejectsWith(attempt(over), 'FeeOverCap', [101n, 100n])
      await attempt({ ...mixed([order], 1_019n, draws, to6(3_057n - 100n)), fee: 100n })
    })

    it('fails whole when an order is bad, and when a tab is', async () => {
      const order = await fundedOrder(world)
      const draw = await someDraw(world, { spentAfter: 1n })
      const overdrawn = await someDraw(world, { spentAfter: AMOUNT + 1n })
      await rejectsWith(attempt(mixed([order], order.terms.maxAmount + 1n, [draw], to6(1n))), 'Overdraw')
      await rejectsWith(attempt(mixed([order], 1n, [overdrawn], to6(AMOUNT + 2n))), 'TabOverdraw')
      await attempt(mixed([order], 1n, [draw], to6(2n)))
    })

    for (const [name, paid, fee] of [
      ['more paid than charged and drawn', 201n, 0n],
      ['less paid than charged and drawn', 199n, 0n],
      ['a fee on top', 200n, 4n],
    ] as const) {
      it(`does not balance: ${name}`, async () => {
        const order = await fundedOrder(world)
        const draw = await someDraw(world, { spentAfter: 100n })
        const batch = { ...mixed([order], 100n, [draw], to6(paid)), fee }
        await rejectsWith(attempt(batch), 'Unbalanced', [200n, paid + fee])
      })
    }

    function mixed(orders: FundedOrder[], each: bigint, draws: Draw[], payouts: Payout[]): Batch {
      const charges = orders.map(({ id }) => ({ orderId: id, charged: each }))
      const ascending = charges.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
      return drawBatch(world, draws, payouts, { orders: packOrders(ascending) })
    }
  })

  it('pays a thousand jobs of one tab in one batch for at most 100 gas each', async () => {
    const { escrow, providers, stranger } = world
    const payouts = (each: bigint) => providers.map((_, i) => ({ index: 6 + i, amount: each }))
    // Everybody was paid before, as in the steady state.
    const first = await someDraw(world, { spentAfter: 16_100n })
    await settle(drawBatch(world, [first], payouts(1_000n), { fee: 100n }))
    // 1000 jobs of 1600 units, 62 or 63 for each provider; 2 % of it is the fee.
    const draw = await someDraw(world, { spentAfter: 16_100n + 1_600_000n })
    const batch = drawBatch(world, [draw], payouts(98_000n), { fee: 32_000n })
    const receipt = await world.mined(escrow.write.settle(await signedBatch(world, batch), as(stranger)))
    assert.ok(receipt.gasUsed <= 100_000n, `${receipt.gasUsed}`)
    assert.equal(await escrow.read.earningsOf([21]), 99_000n)
  })

  it('adds up beyond 2^64 without running over', async () => {
    const { escrow, client, stranger, testUsdc } = world
    await world.mined(testUsdc.write.mint([client.address, 2n * MOST], as(client)))
    await topUpOf(client, MOST - AMOUNT)
    await topUpOf(stranger, MOST)
    const draws = sorted([
      await someDraw(world, { spentAfter: MOST, feeBps: 0 }),
      await someDraw(world, { spentAfter: MOST, feeBps: 0, signer: stranger }),
    ])
    const batch = drawBatch(world, draws, [
      { index: 6, amount: MOST },
      { index: 7, amount: MOST },
    ])
    const receipt = await settle(batch)
    const [, args] = eventsOf(escrow, receipt).at(-1) as [string, { charged: bigint }]
    assert.equal(args.charged, 2n * MOST)
    assert.deepEqual(await Promise.all([6, 7, 8].map((i) => escrow.read.earningsOf([i]))), [MOST, MOST, 0n])
    await rejectsWith(attempt(batch), 'TabReplayed', [draws[0]?.client, MOST, MOST])
    assert.equal((await tab()).spent, MOST)
  })

  it('goes on while the token is paused and the client is blacklisted', async () => {
    const { testUsdc, client, deployer } = world
    await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(deployer)))
    await world.mined(testUsdc.write.setPaused([true], as(deployer)))
    await drawTab(world, 1n)
  })
})

describe('a voucher elsewhere', () => {
  /** The tab is there, and the quorum's signatures are good there; only the voucher is from home. */
  async function tryForeign(home: World, away: World): Promise<void> {
    await topUp(away)
    const foreign = await someDraw(home, { spentAfter: 1n })
    const address: Address = away.client.address
    const batch = await signedBatch(away, drawBatch(away, [foreign], to6(1n)))
    await rejectsWith(away.escrow.simulate.settle(batch), 'BadSignature', [address])
    const own = await someDraw(away, { spentAfter: 1n })
    await away.escrow.simulate.settle(await signedBatch(away, drawBatch(away, [own], to6(1n))))
  }

  it('is refused on another chain, at the same address', async () => {
    await using home = await openWorld()
    await using away = await openWorld({ chainId: 137 })
    assert.equal(home.escrow.address, away.escrow.address)
    await tryForeign(home, away)
  })

  it('is refused by another escrow of the same market', async () => {
    await using home = await openWorld()
    await tryForeign(home, await withSecondEscrow(home))
  })
})
