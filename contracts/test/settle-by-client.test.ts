import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, type Hex, encodeFunctionData, getAddress, keccak256, toHex } from 'viem'

import {
  FAR_FUTURE,
  ROOT,
  type Terms,
  orderIdOf,
  packPayouts,
  signAuthorization,
  someTerms,
} from './support/messages.ts'
import { fundedOrder, signAcceptance } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import { type Actor, USDC, type World, as, openWorld, withSecondEscrow } from './support/world.ts'

const PAYOUTS = packPayouts([{ index: 6, amount: 3n * USDC }])
const NO_FEE = { payouts: PAYOUTS, fee: 0n }

describe("settling by the client's own acceptance", () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const attempt = (terms: Terms, signature: Hex, { payouts = PAYOUTS, fee = 0n, root = ROOT } = {}) =>
    world.escrow.simulate.settleByClient([terms, payouts, fee, root, signature])

  it("pays operators and the terms' aggregator, and frees the rest", async () => {
    const { escrow, aggregator, stranger } = world
    const { terms, id } = await fundedOrder(world, { quorumId: 0, feeBps: 500 })
    const fee = 150_000n
    const signature = await signAcceptance(world, terms, { payouts: PAYOUTS, fee })
    await world.mined(escrow.write.settleByClient([terms, PAYOUTS, fee, ROOT, signature], as(stranger)))

    assert.equal(await escrow.read.earningsOf([6]), 3n * USDC)
    assert.equal(await escrow.read.credit([aggregator.address]), fee)
    assert.equal((await escrow.read.order([id])).remaining, 10n * USDC - 3n * USDC - fee)
    await world.mined(escrow.write.refund([terms], as(stranger)))
  })

  it('caps the fee by the terms', async () => {
    const { terms } = await fundedOrder(world, { quorumId: 0, feeBps: 500 })
    const fee = 157_895n
    const signature = await signAcceptance(world, terms, { payouts: PAYOUTS, fee })
    await rejectsWith(attempt(terms, signature, { fee }), 'FeeOverCap', [fee, 157_894n])
  })

  it('cannot charge more than the order holds', async () => {
    const { terms, id } = await fundedOrder(world, { quorumId: 0 })
    const payouts = packPayouts([6, 7].map((index) => ({ index, amount: 6n * USDC })))
    const signature = await signAcceptance(world, terms, { payouts, fee: 0n })
    await rejectsWith(attempt(terms, signature, { payouts }), 'Overdraw', [id, 10n * USDC, 12n * USDC])
  })

  it('cannot be used on an order that names a quorum, so verified work cannot go unpaid', async () => {
    const { terms, id } = await fundedOrder(world)
    const toItself = await signAcceptance(world, terms, { payouts: '0x', fee: 0n })
    await rejectsWith(attempt(terms, toItself, { payouts: '0x' }), 'WrongQuorum', [id, 0, 1])
  })

  it('happens once', async () => {
    const { terms, id } = await fundedOrder(world, { quorumId: 0 })
    const signature = await signAcceptance(world, terms, NO_FEE)
    await world.mined(world.escrow.write.settleByClient([terms, PAYOUTS, 0n, ROOT, signature], as(world.stranger)))
    await rejectsWith(attempt(terms, signature), 'OrderClosed', [id, 2])
  })

  it('refuses a signature by anyone else, and binds what was signed', async () => {
    const { client } = world
    const { terms } = await fundedOrder(world, { quorumId: 0 })
    const good = await signAcceptance(world, terms, NO_FEE)
    await attempt(terms, good)

    const foreign = await signAcceptance(world, terms, NO_FEE, world.aggregator)
    await rejectsWith(attempt(terms, foreign), 'BadSignature', [client.address])
    const other = packPayouts([{ index: 7, amount: 3n * USDC }])
    await rejectsWith(attempt(terms, good, { payouts: other }), 'BadSignature')
    await rejectsWith(attempt(terms, good, { fee: 1n }), 'BadSignature')
    await rejectsWith(attempt(terms, good, { root: keccak256(toHex('other')) }), 'BadSignature')
    const { terms: second } = await fundedOrder(world, { quorumId: 0 })
    await rejectsWith(attempt(second, good), 'BadSignature')
  })

  it('refuses a signature made for another escrow', async () => {
    const { terms } = await fundedOrder(world, { quorumId: 0 })
    const elsewhere = await withSecondEscrow(world)
    await rejectsWith(attempt(terms, await signAcceptance(elsewhere, terms, NO_FEE)), 'BadSignature')
  })

  describe('of a contract wallet', () => {
    it('funds by ERC-1271, accepts by ERC-1271, and gets the rest back', async () => {
      const { escrow, usdc, stranger, client } = world
      const wallet = await deployWallet(client)
      await world.mined(world.testUsdc.write.mint([wallet, 10n * USDC], as(stranger)))
      const terms = await someTerms(world, { client: wallet, quorumId: 0 })
      const nonce = orderIdOf(world, terms)
      const pay = { from: client, payer: wallet, to: escrow.address, value: terms.maxAmount, nonce }
      const authorization = await signAuthorization(world, pay)
      await world.mined(escrow.write.fundWithAuthorization([terms, 0n, FAR_FUTURE, authorization], as(stranger)))

      const byStranger = await signAcceptance(world, terms, NO_FEE, stranger)
      await rejectsWith(attempt(terms, byStranger), 'BadSignature', [wallet])
      const accepted = await signAcceptance(world, terms, NO_FEE, client)
      await world.mined(escrow.write.settleByClient([terms, PAYOUTS, 0n, ROOT, accepted], as(stranger)))
      await world.mined(escrow.write.refund([terms], as(stranger)))
      assert.equal(await usdc.read.balanceOf([wallet]), 7n * USDC)
    })

    it('funds by its own call', async () => {
      const { escrow, usdc, stranger, client } = world
      const wallet = await deployWallet(client)
      await world.mined(world.testUsdc.write.mint([wallet, 10n * USDC], as(stranger)))
      const terms = await someTerms(world, { client: wallet })
      const approve = encodeFunctionData({ abi: usdc.abi, functionName: 'approve', args: [escrow.address, 10n * USDC] })
      const fund = encodeFunctionData({ abi: escrow.abi, functionName: 'fund', args: [terms] })
      await execute(client, wallet, usdc.address, approve)
      await execute(client, wallet, escrow.address, fund)
      assert.equal((await escrow.read.order([orderIdOf(world, terms)])).status, 1)
    })
  })

  async function deployWallet(key: Actor): Promise<Address> {
    const { address } = await world.connection.viem.deployContract('TestWallet', [key.address])
    return getAddress(address)
  }

  async function execute(key: Actor, wallet: Address, target: Address, data: Hex): Promise<void> {
    const { viem } = world.connection
    const contract = await viem.getContractAt('TestWallet', wallet)
    const call = encodeFunctionData({ abi: contract.abi, functionName: 'execute', args: [target, data] })
    const { account, gas } = as(key)
    await world.mined(world.walletClient.sendTransaction({ account, gas, to: wallet, data: call }))
  }
})
