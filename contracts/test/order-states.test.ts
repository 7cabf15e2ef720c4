import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { assertInReadme, outcomeOf, resultOf } from './support/behaviour-table.ts'
import { payDeposit } from './support/deposits.ts'
import { fundingArgs, signedFunding, skipsIn } from './support/fundings.ts'
import {
  ROOT,
  type Terms,
  batchDigest,
  orderIdOf,
  packPayouts,
  quorumSigns,
  someBatch,
  someTerms,
} from './support/messages.ts'
import { signAcceptance } from './support/orders.ts'
import { type Action, CLIENT_ORDERS, QUORUM_ORDERS, STATES, type State } from './support/order-table.ts'
import { USDC, type World, as, createActor, openWorld } from './support/world.ts'

/** Every order holds this; the state "rest left" leaves half of it. */
const AMOUNT = 10n * USDC
const guardian = createActor('detector')

describe('what an order allows in each state', () => {
  let world: World
  let fresh: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    const members = world.validators.map(({ address }) => address)
    await world.mined(world.quorums.write.createQuorum([members, 4, 0], as(world.stranger)))
    fresh = await world.snapshot()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const [quorumId, rows] of [
    [1, QUORUM_ORDERS],
    [0, CLIENT_ORDERS],
  ] as const) {
    for (const [position, state] of STATES.entries()) {
      for (const intake of ['open', 'stopped'] as const) {
        describe(`quorum ${quorumId}, ${state}, intake ${intake}`, () => {
          let terms: Terms
          let reset: () => Promise<void>
          before(async () => {
            await fresh()
            terms = await someTerms(world, { quorumId, maxAmount: AMOUNT })
            await payDeposit(world, terms, AMOUNT)
            await bring(terms, state)
            if (intake === 'stopped') await world.mined(world.escrow.write.stopIntake(as(guardian)))
            reset = await world.snapshot()
          })
          beforeEach(() => reset())

          for (const row of rows) {
            const expected = resultOf(row, position, intake)
            it(`${row.action} → ${expected}`, async () => {
              assert.equal(await outcome(terms, row.action), expected)
            })
          }
        })
      }
    }
  }

  it('is the tables in the README', async () => {
    await assertInReadme(STATES, QUORUM_ORDERS)
    await assertInReadme(STATES, CLIENT_ORDERS)
  })

  async function bring(terms: Terms, state: State): Promise<void> {
    if (!state.startsWith('unknown')) await world.mined(world.escrow.write.fund([terms], as(world.client)))
    if (state.endsWith('from settleBy')) await world.warp(terms.settleBy)
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

  async function outcome(terms: Terms, action: Action): Promise<string> {
    if (action !== 'fundMany') return outcomeOf(perform(terms, action))
    const funding = await signedFunding(world, terms)
    const receipt = await world.mined(world.escrow.write.fundMany([[funding]], as(world.stranger)))
    const [skip] = skipsIn(receipt)
    return skip === undefined ? 'ok' : `skips: ${skip[1]}`
  }

  async function perform(terms: Terms, action: Exclude<Action, 'fundMany'>): Promise<unknown> {
    const { escrow, client, stranger } = world
    const from = { account: stranger.account }
    switch (action) {
      case 'fund by the client':
        return escrow.simulate.fund([terms], { account: client.account })
      case 'fund by anyone else':
        return escrow.simulate.fund([terms], from)
      case 'fundWithAuthorization':
        return escrow.simulate.fundWithAuthorization(fundingArgs(await signedFunding(world, terms)), from)
      case 'fundOne':
        return escrow.simulate.fundOne([await signedFunding(world, terms)], from)
      case 'fundFromDepositAddress':
        return escrow.simulate.fundFromDepositAddress([terms], from)
      case 'settle, signed by its quorum':
        return escrow.simulate.settle(await settleArgs(terms, AMOUNT, 1), from)
      case 'settle, signed by another quorum':
        return escrow.simulate.settle(await settleArgs(terms, AMOUNT, 2), from)
      case 'settle, naming quorum 0':
        return escrow.simulate.settle(await settleArgs(terms, AMOUNT, 0), from)
      case 'settleByClient':
        return escrow.simulate.settleByClient(await clientArgs(terms, AMOUNT), from)
      case 'refund':
        return escrow.simulate.refund([terms], from)
    }
  }
})
