/**
 * Gas of the calls that matter, from receipts, in the steady state: the client, the aggregator and the operators have
 * been paid before. Measured with TestUsdc itself, for which the goals hold, and with TestUsdc behind a proxy like the
 * one in front of native USDC. Prints both; the tables in README.md are copied from here.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Hash, numberToHex, padHex } from 'viem'

import {
  FAR_FUTURE,
  type Payout,
  ROOT,
  batchDigest,
  orderIdOf,
  packPayouts,
  quorumSigns,
  signAuthorization,
  someBatch,
  someTerms,
} from './support/messages.ts'
import { type FundedOrder, fundedOrder, settledOrder, signAcceptance } from './support/orders.ts'
import { type Actor, USDC, type World, as, openWorld } from './support/world.ts'

const SHARDS = 1_000n

for (const proxied of [false, true]) {
  describe(proxied ? 'gas with the token behind a proxy' : 'gas', () => {
    let world: World
    let reset: () => Promise<void>
    const table: [string, bigint][] = []
    before(async () => {
      world = await openWorld(proxied ? { tokenName: 'UsdcProxy' } : {})
      const everyone = world.providers.map((_, i) => ({ index: 6 + i, amount: USDC / 100n }))
      await settledOrder(world, everyone, { fee: 1_000n })
      reset = await world.snapshot()
    })
    beforeEach(() => reset())
    after(async () => {
      for (const [name, gas] of table) process.stdout.write(`${gas.toLocaleString('en').padStart(10)}  ${name}\n`)
      await world[Symbol.asyncDispose]()
    })

    const used = async (hash: Hash | Promise<Hash>) => (await world.mined(hash)).gasUsed

    function record(name: string, gas: bigint, goal?: bigint): void {
      table.push([goal === undefined ? name : `${name} (goal ${goal})`, gas])
      if (goal !== undefined && !proxied) assert.ok(gas <= goal, `${name}: ${gas} is above ${goal}`)
    }

    async function fundGas(): Promise<{ order: FundedOrder; gas: bigint }> {
      const { escrow, client, stranger } = world
      const terms = await someTerms(world)
      const id = orderIdOf(world, terms)
      const pay = { from: client, to: escrow.address, value: terms.maxAmount, nonce: id }
      const signature = await signAuthorization(world, pay)
      const gas = await used(escrow.write.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], as(stranger)))
      return { order: { terms, id }, gas }
    }

    async function settleGas(
      orders: readonly FundedOrder[],
      payouts: Payout[],
      fee: bigint,
      signers = 3,
    ): Promise<bigint> {
      const total = payouts.reduce((sum, { amount }) => sum + amount, fee)
      const each = total / BigInt(orders.length)
      const charges = orders.map(({ id }) => ({ orderId: id, charged: each }))
      const batch = someBatch(world, charges, payouts, { fee })
      const signatures = await quorumSigns(world, batchDigest(world, batch), signers)
      return used(world.escrow.write.settle([batch, signatures], { ...as(world.stranger), gas: 16_000_000n }))
    }

    it('of one attested job with one shard, funded and settled', async () => {
      const { order, gas: funding } = await fundGas()
      const settling = await settleGas([order], [{ index: 6, amount: 980_000n }], 20_000n)
      record('fund by authorization', funding)
      record('settle one order, one shard, 3 signatures', settling)
      record('one attested job, funded and settled', funding + settling, 185_000n)
    })

    it('of a 1000-shard job over 16 providers', async () => {
      const { order, gas: funding } = await fundGas()
      const payouts = world.providers.map((_, i) => ({ index: 6 + i, amount: 61_250n }))
      const settling = await settleGas([order], payouts, 20_000n)
      record('settle 1000 shards over 16 providers, per shard', settling / SHARDS, 100n)
      record('the same with funding, per shard', (funding + settling) / SHARDS, 250n)
    })

    it('of paying 1000 different providers', async () => {
      // The escrow asks the stakes contract only how many operators there are.
      await world.rpc(
        'hardhat_setStorageAt',
        world.stakes.address,
        '0x0',
        padHex(numberToHex(2_000n << 80n), { size: 32 }),
      )
      const payouts = Array.from({ length: 1_000 }, (_, i) => ({ index: 6 + i, amount: 1_000n }))
      await settleGas([(await fundGas()).order], payouts, 0n)
      const settling = await settleGas([(await fundGas()).order], payouts, 0n)
      record('settle 1000 different providers, per credit', settling / 1_000n, 1_900n)
    })

    it('of many orders in a batch, per order', async () => {
      const orders: FundedOrder[] = []
      for (let i = 0; i < 100; i += 1) orders.push(await fundedOrder(world, { maxAmount: USDC }))
      const payouts = world.providers.map((_, i) => ({ index: 6 + i, amount: 625_000n }))
      record('settle 100 orders over 16 providers, per order', (await settleGas(orders, payouts, 0n)) / 100n)
    })

    it('of one more signature', async () => {
      const payouts = [{ index: 6, amount: USDC }]
      const three = await settleGas([(await fundGas()).order], payouts, 0n, 3)
      const five = await settleGas([(await fundGas()).order], payouts, 0n, 5)
      record('one more quorum signature', (five - three) / 2n)
    })

    it('of the ways out', async () => {
      const { escrow, client, aggregator, stranger } = world
      const unspent = await settledOrder(world, [{ index: 6, amount: USDC }])
      record('refund a remainder', await used(escrow.write.refund([unspent.terms], as(stranger))), 59_000n)
      record('withdraw earnings', await used(escrow.write.withdrawEarnings([6], as(stranger))), 57_000n)
      record('withdraw credit', await used(escrow.write.withdrawCredit([aggregator.address], as(aggregator))))
      const overdue = await fundedOrder(world)
      await world.warp(overdue.terms.refundAt)
      record('refund an overdue order', await used(escrow.write.refund([overdue.terms], as(client))), 59_000n)
    })

    it('of the rest', async () => {
      const { escrow, stakes, quorums, client, stranger } = world
      const provider = world.providers[0] as Actor
      const terms = await someTerms(world)
      record('fund by allowance', await used(escrow.write.fund([terms], as(client))))
      const { terms: own } = await fundedOrder(world, { quorumId: 0 })
      const payouts = packPayouts([{ index: 6, amount: USDC }])
      const signature = await signAcceptance(world, own, { payouts, fee: 0n })
      const accept = escrow.write.settleByClient([own, payouts, 0n, ROOT, signature], as(stranger))
      record('settle by the client', await used(accept))
      record('register', await used(stakes.write.register([stranger.address, 1, ROOT], as(stranger))))
      record('stake more', await used(stakes.write.stake([USDC], as(provider))))
      record('request unbond', await used(stakes.write.requestUnbond([USDC], as(provider))))
      const members = world.validators.map(({ address }) => address)
      record('create a quorum of five', await used(quorums.write.createQuorum([members, 3, 0], as(stranger))))
    })
  })
}
