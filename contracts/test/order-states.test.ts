import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'

import {
  FAR_FUTURE,
  ROOT,
  type Terms,
  batchDigest,
  orderIdOf,
  packPayouts,
  quorumSigns,
  signAuthorization,
  someBatch,
  someTerms,
} from './support/messages.ts'
import { signAcceptance } from './support/orders.ts'
import { type Action, CLIENT_ORDERS, QUORUM_ORDERS, STATES, type State, renderTable } from './support/order-table.ts'
import { rejectsWith } from './support/rejects.ts'
import { USDC, type World, as, openWorld } from './support/world.ts'

/** Every order holds this; the state "rest left" leaves half of it. */
const AMOUNT = 10n * USDC

describe('what an order allows in each state', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    const members = world.validators.map(({ address }) => address)
    await world.mined(world.quorums.write.createQuorum([members, 4, 0], as(world.stranger)))
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  for (const [quorumId, rows] of [
    [1, QUORUM_ORDERS],
    [0, CLIENT_ORDERS],
  ] as const) {
    for (const { action, results } of rows) {
      for (const [position, expected] of results.entries()) {
        const state = STATES[position] as State
        it(`quorum ${quorumId}, ${state}: ${action} → ${expected}`, async () => {
          const terms = await someTerms(world, { quorumId, maxAmount: AMOUNT })
          await bring(terms, state)
          const call = perform(terms, action)
          if (expected === 'ok') await call
          else await rejectsWith(call, expected)
        })
      }
    }
  }

  it('is the table in the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    // The formatter pads the columns.
    const narrow = readme.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---')
    for (const rows of [QUORUM_ORDERS, CLIENT_ORDERS]) assert.ok(narrow.includes(renderTable(rows)), renderTable(rows))
  })

  async function bring(terms: Terms, state: State): Promise<void> {
    if (state === 'unknown') return
    await world.mined(world.escrow.write.fund([terms], as(world.client)))
    if (state === 'funded, from settleBy') await world.warp(terms.settleBy)
    if (state === 'settled, rest left') await settle(terms, AMOUNT / 2n)
    if (state === 'settled, nothing left') await settle(terms, AMOUNT)
    if (state === 'funded, from refundAt' || state === 'refunded') await world.warp(terms.refundAt)
    if (state === 'refunded') await world.mined(world.escrow.write.refund([terms], as(world.stranger)))
  }

  async function settle(terms: Terms, amount: bigint): Promise<void> {
    if (terms.quorumId === 0) {
      await world.mined(world.escrow.write.settleByClient(await clientArgs(terms, amount), as(world.stranger)))
    } else {
      await world.mined(world.escrow.write.settle(await settleArgs(terms, amount, 1), as(world.stranger)))
    }
  }

  async function settleArgs(terms: Terms, amount: bigint, quorumId: number) {
    const charges = [{ orderId: orderIdOf(world, terms), charged: amount }]
    const batch = someBatch(world, charges, [{ index: 6, amount }], { quorumId })
    const signatures = await quorumSigns(world, batchDigest(world, batch), quorumId === 2 ? 4 : 3)
    return [batch, signatures] as const
  }

  async function clientArgs(terms: Terms, amount: bigint) {
    const payouts = packPayouts([{ index: 6, amount }])
    return [terms, payouts, 0n, ROOT, await signAcceptance(world, terms, { payouts, fee: 0n })] as const
  }

  async function perform(terms: Terms, action: Action): Promise<unknown> {
    const { escrow, client, stranger } = world
    const from = { account: stranger.account }
    switch (action) {
      case 'fund by the client':
        return escrow.simulate.fund([terms], { account: client.account })
      case 'fund by anyone else':
        return escrow.simulate.fund([terms], from)
      case 'fundWithAuthorization': {
        const pay = { from: client, to: escrow.address, value: terms.maxAmount, nonce: orderIdOf(world, terms) }
        const signature = await signAuthorization(world, pay)
        return escrow.simulate.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], from)
      }
      case 'settle, signed by its quorum':
        return escrow.simulate.settle(await settleArgs(terms, AMOUNT, 1), from)
      case 'settle, signed by another quorum':
        return escrow.simulate.settle(await settleArgs(terms, AMOUNT, 2), from)
      case 'settleByClient':
        return escrow.simulate.settleByClient(await clientArgs(terms, AMOUNT), from)
      case 'refund':
        return escrow.simulate.refund([terms], from)
    }
  }
})
