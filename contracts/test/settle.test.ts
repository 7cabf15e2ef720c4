import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Hex, concat, decodeEventLog, sliceHex, zeroAddress } from 'viem'

import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import {
  type Batch,
  ROOT,
  batchDigest,
  orderIdOf,
  packOrders,
  packPayouts,
  quorumSigns,
  signAll,
  someBatch,
  someTerms,
  withHighS,
} from './support/messages.ts'
import { fundedOrder, settle, settledOrder } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import {
  type Actor,
  USDC,
  type World,
  as,
  byAddress,
  createActor,
  openWorld,
  withSecondEscrow,
} from './support/world.ts'

describe('settling a batch', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const attempt = async (batch: Batch, signatures?: Hex) =>
    world.escrow.simulate.settle([batch, signatures ?? (await quorumSigns(world, batchDigest(world, batch)))], {
      account: world.stranger.account,
    })

  it('moves charges to operators and the fee to the aggregator, and leaves the rest to the client', async () => {
    const { escrow, aggregator } = world
    const first = await fundedOrder(world)
    const second = await fundedOrder(world)
    const charges = [
      { orderId: first.id, charged: 6n * USDC },
      { orderId: second.id, charged: 4n * USDC },
    ]
    const payouts = [
      { index: 6, amount: 5n * USDC },
      { index: 7, amount: 3_900_000n },
      { index: 21, amount: 900_000n },
    ]
    const batch = someBatch(world, charges, payouts, { fee: 200_000n })
    const signatures = await quorumSigns(world, batchDigest(world, batch))
    const receipt = await world.mined(escrow.write.settle([batch, signatures], as(world.stranger)))

    for (const { index, amount } of payouts) assert.equal(await escrow.read.earningsOf([index]), amount)
    assert.equal(await escrow.read.credit([aggregator.address]), 200_000n)
    const [one, two] = [await escrow.read.order([first.id]), await escrow.read.order([second.id])]
    assert.deepEqual([one.status, one.remaining], [2, 4n * USDC])
    assert.deepEqual([two.status, two.remaining], [2, 6n * USDC])
    const events = receipt.logs.map(({ data, topics }) => decodeEventLog({ abi: escrowAbi, data, topics }))
    assert.deepEqual(
      events.map(({ eventName }) => eventName),
      ['OrderSettled', 'OrderSettled', 'BatchSettled'],
    )
    assert.deepEqual(events[2]?.args, {
      digest: batchDigest(world, batch),
      aggregator: aggregator.address,
      quorumId: 1,
      charged: 10n * USDC,
      fee: 200_000n,
    })
  })

  it('adds to what an operator and its neighbours in the slot have', async () => {
    const { escrow } = world
    await settledOrder(
      world,
      [6, 7, 8, 9].map((index) => ({ index, amount: BigInt(index) })),
    )
    await settledOrder(world, [{ index: 7, amount: 100n }])
    assert.deepEqual(await Promise.all([5, 6, 7, 8, 9, 10].map((i) => escrow.read.earningsOf([i]))), [
      0n,
      6n,
      107n,
      8n,
      9n,
      0n,
    ])
  })

  it('may charge an order nothing, which frees all of it at once', async () => {
    const order = await settledOrder(world, [])
    await world.mined(world.escrow.write.refund([order.terms], as(world.stranger)))
    assert.equal((await world.escrow.read.order([order.id])).remaining, 0n)
  })

  it('may charge an order all it holds, and no more', async () => {
    const { id, terms } = await fundedOrder(world)
    const all = someBatch(world, [{ orderId: id, charged: terms.maxAmount }], [{ index: 6, amount: terms.maxAmount }])
    await attempt(all)
    const more = terms.maxAmount + 1n
    const over = someBatch(world, [{ orderId: id, charged: more }], [{ index: 6, amount: more }])
    await rejectsWith(attempt(over), 'Overdraw', [id, terms.maxAmount, more])
  })

  it('ends strictly before settleBy', async () => {
    const { id, terms } = await fundedOrder(world)
    const batch = someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
    await world.warp(terms.settleBy - 1)
    await attempt(batch)
    await world.warp(terms.settleBy)
    await rejectsWith(attempt(batch), 'TooLate', [BigInt(terms.settleBy)])
  })

  it('happens once: the same batch, and any other with the order, is refused', async () => {
    const { id } = await fundedOrder(world)
    await settle(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
    const again = someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
    await rejectsWith(attempt(again), 'OrderClosed', [id, 2])
    const other = someBatch(world, [{ orderId: id, charged: 2n }], [{ index: 6, amount: 2n }])
    await rejectsWith(attempt(other), 'OrderClosed', [id, 2])
  })

  it('is all or nothing', async () => {
    const good = await fundedOrder(world)
    const never = orderIdOf(world, await someTerms(world))
    const charges = [good.id, never].map((orderId) => ({ orderId, charged: 1n }))
    await rejectsWith(attempt(someBatch(world, charges, [{ index: 6, amount: 2n }])), 'OrderUnknown', [never])
    assert.equal((await world.escrow.read.order([good.id])).status, 1)
  })

  describe('refuses books that do not balance', () => {
    for (const [name, charged, paid, fee] of [
      ['more paid than charged', 100n, 101n, 0n],
      ['less paid than charged', 100n, 99n, 0n],
      ['a fee on top', 100_000n, 100_000n, 1n],
      ['a fee too small for the gap', 100_000n, 99_000n, 999n],
    ] as const) {
      it(name, async () => {
        const { id } = await fundedOrder(world)
        const batch = someBatch(world, [{ orderId: id, charged }], [{ index: 6, amount: paid }], { fee })
        await rejectsWith(attempt(batch), 'Unbalanced', [charged, paid + fee])
      })
    }
  })

  it('caps the fee by each order, rounded down for each', async () => {
    const cheap = await fundedOrder(world, { feeBps: 0 })
    const dear = await fundedOrder(world, { feeBps: 500 })
    const charge = (order: { id: Hex }, charged: bigint) => ({ orderId: order.id, charged })
    const over = someBatch(world, [charge(cheap, 1_000n), charge(dear, 1_019n)], [{ index: 6, amount: 1_968n }], {
      fee: 51n,
    })
    await rejectsWith(attempt(over), 'FeeOverCap', [51n, 50n])
    const within = someBatch(world, [charge(cheap, 1_000n), charge(dear, 1_019n)], [{ index: 6, amount: 1_969n }], {
      fee: 50n,
    })
    await attempt(within)
  })

  describe('refuses records that are', () => {
    const cases: [string, string, (a: Hex, b: Hex) => Partial<Batch>][] = [
      ['no orders at all', 'EmptyBatch', () => ({ orders: '0x' })],
      [
        'orders out of order',
        'OrdersNotSorted',
        (a, b) => ({ orders: packOrders([b, a].map((orderId) => ({ orderId, charged: 1n }))) }),
      ],
      [
        'one order twice',
        'OrdersNotSorted',
        (a) => ({ orders: packOrders([a, a].map((orderId) => ({ orderId, charged: 1n }))) }),
      ],
      ['a cut order', 'BadLength', (a) => ({ orders: sliceHex(packOrders([{ orderId: a, charged: 1n }]), 0, 39) })],
      ['a cut payout', 'BadLength', () => ({ payouts: sliceHex(packPayouts([{ index: 6, amount: 1n }]), 0, 11) })],
      [
        'payouts out of order',
        'PayoutsNotSorted',
        () => ({ payouts: packPayouts([7, 6].map((index) => ({ index, amount: 1n }))) }),
      ],
      [
        'one operator twice',
        'PayoutsNotSorted',
        () => ({ payouts: packPayouts([6, 6].map((index) => ({ index, amount: 1n }))) }),
      ],
      ['an operator 0', 'PayoutsNotSorted', () => ({ payouts: packPayouts([{ index: 0, amount: 2n }]) })],
      [
        'an operator that never registered',
        'UnknownOperator',
        () => ({ payouts: packPayouts([{ index: 22, amount: 2n }]) }),
      ],
    ]
    for (const [name, error, change] of cases) {
      it(name, async () => {
        const ids = [(await fundedOrder(world)).id, (await fundedOrder(world)).id].toSorted() as [Hex, Hex]
        const batch = someBatch(
          world,
          ids.map((orderId) => ({ orderId, charged: 1n })),
          [{ index: 6, amount: 2n }],
        )
        await rejectsWith(attempt({ ...batch, ...change(...ids) }), error)
      })
    }
  })

  it('cannot overflow a packed balance into its neighbour', async () => {
    const { testUsdc, escrow, client, usdc } = world
    const all = 2n ** 64n - 1n
    await world.mined(testUsdc.write.mint([client.address, all * 2n], as(client)))
    await world.mined(usdc.write.approve([escrow.address, 2n ** 256n - 1n], as(client)))
    const first = await fundedOrder(world, { maxAmount: all })
    await settle(world, [{ orderId: first.id, charged: all }], [{ index: 6, amount: all }])
    const second = await fundedOrder(world, { maxAmount: 1n })
    const batch = someBatch(world, [{ orderId: second.id, charged: 1n }], [{ index: 6, amount: 1n }])
    await rejectsWith(attempt(batch), 'LedgerOverflow', [6])
  })

  describe('refuses signatures that are', () => {
    const stranger = createActor('no validator')
    const byPosition =
      (...positions: number[]) =>
      (digest: Hex) =>
        signAll(
          digest,
          positions.map((p) => world.validators[p] as Actor),
        )
    const cases: [string, string, (digest: Hex) => Promise<Hex>][] = [
      ['none', 'QuorumNotMet', async () => '0x'],
      ['one too few', 'QuorumNotMet', byPosition(0, 1)],
      ['out of order', 'SignersNotSorted', byPosition(0, 2, 1)],
      ['one signer twice', 'SignersNotSorted', byPosition(0, 1, 1)],
      [
        'from an outsider among enough members',
        'NotMember',
        async (digest) => {
          const signers = [...world.validators.slice(0, 3), stranger]
          return signAll(digest, signers.toSorted(byAddress))
        },
      ],
      [
        'mirrored to a high s',
        'BadQuorumSignature',
        async (digest) => {
          const [first, ...rest] = await Promise.all(
            world.validators.slice(0, 3).map(({ account }) => account.sign({ hash: digest })),
          )
          return concat([withHighS(first as Hex), ...rest])
        },
      ],
      [
        'with v 0 or 1',
        'BadQuorumSignature',
        async (digest) => {
          const good = await quorumSigns(world, digest)
          const v = Number(sliceHex(good, 64, 65)) - 27
          return concat([sliceHex(good, 0, 64), v === 0 ? '0x00' : '0x01', sliceHex(good, 65)])
        },
      ],
      ['cut short', 'BadSignaturesLength', async (digest) => sliceHex(await quorumSigns(world, digest), 0, 194)],
      ['zero bytes', 'BadQuorumSignature', async () => `0x${'00'.repeat(195)}`],
    ]
    for (const [name, error, sign] of cases) {
      it(name, async () => {
        const { id } = await fundedOrder(world)
        const batch = someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
        await rejectsWith(attempt(batch, await sign(batchDigest(world, batch))), error)
      })
    }
  })

  it('takes any members, more than the threshold too', async () => {
    const { id } = await fundedOrder(world)
    const batch = someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
    const digest = batchDigest(world, batch)
    for (const positions of [
      [1, 3, 4],
      [2, 3, 4],
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4],
    ]) {
      await attempt(
        batch,
        await signAll(
          digest,
          positions.map((p) => world.validators[p] as Actor),
        ),
      )
    }
  })

  it('binds every field of the batch', async () => {
    const { id } = await fundedOrder(world)
    const batch = someBatch(world, [{ orderId: id, charged: 100n }], [{ index: 6, amount: 98n }], { fee: 2n })
    const signatures = await quorumSigns(world, batchDigest(world, batch))
    await attempt(batch, signatures)
    const changes: Partial<Batch>[] = [
      { aggregator: world.stranger.address },
      { payouts: packPayouts([{ index: 7, amount: 98n }]) },
      { orders: packOrders([{ orderId: id, charged: 99n }]) },
      { fee: 1n },
      { resultsRoot: `0x${'11'.repeat(32)}` },
    ]
    for (const change of changes) {
      // Under any other digest the signatures recover to addresses that are no members, in no order.
      await rejectsWith(attempt({ ...batch, ...change }, signatures), /NotMember|SignersNotSorted/)
    }
  })

  it('knows no quorum 0 and no quorum to come', async () => {
    const { id } = await fundedOrder(world)
    for (const quorumId of [0, 2]) {
      const batch = someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }], { quorumId })
      await rejectsWith(attempt(batch), 'QuorumUnknown', [quorumId])
    }
  })

  it('needs no aggregator: a zero fee credits nobody', async () => {
    const { id } = await fundedOrder(world)
    await attempt(
      someBatch(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }], {
        aggregator: zeroAddress,
        resultsRoot: ROOT,
      }),
    )
  })

  it('pays no fee to nobody', async () => {
    const { id } = await fundedOrder(world)
    const charges = [{ orderId: id, charged: 100n }]
    const batch = someBatch(world, charges, [{ index: 6, amount: 98n }], { fee: 2n, aggregator: zeroAddress })
    await rejectsWith(attempt(batch), 'ZeroAggregator')
  })

  it('goes on while the token is paused', async () => {
    const { id } = await fundedOrder(world)
    await world.mined(world.testUsdc.write.setPaused([true], as(world.deployer)))
    await settle(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
  })
})

describe('a signed batch elsewhere', () => {
  async function tryForeign(home: World, away: World): Promise<void> {
    const order = await fundedOrder(away)
    const batch = someBatch(away, [{ orderId: order.id, charged: 1n }], [{ index: 6, amount: 1n }])
    const foreign = await quorumSigns(home, batchDigest(home, batch))
    await rejectsWith(away.escrow.simulate.settle([batch, foreign]), /NotMember|SignersNotSorted/)
    await away.escrow.simulate.settle([batch, await quorumSigns(away, batchDigest(away, batch))])
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
