import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, parseAbi } from 'viem'

import { assertInReadme, outcomeOf, resultOf } from './support/behaviour-table.ts'
import {
  DEPOSIT_ROWS,
  DEPOSIT_STATES,
  type DepositAction,
  type DepositState,
  depositAddressOf,
  payDeposit,
} from './support/deposits.ts'
import { type Terms, orderIdOf, someTerms } from './support/messages.ts'
import { settle } from './support/orders.ts'
import { USDC, type World, as, createActor, openWorld } from './support/world.ts'

const AMOUNT = 10n * USDC
const PAID: Partial<Record<DepositState, bigint>> = {
  'nothing there': 0n,
  'too little there': AMOUNT - 1n,
  'exactly enough there': AMOUNT,
}
const guardian = createActor('detector')
const accountAbi = parseAbi(['function flush(address token, address to, uint256 amount)', 'error NotEscrow(address)'])

describe('what a deposit address allows in each state', () => {
  let world: World
  let otherToken: Address
  let fresh: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    const { address } = await world.connection.viem.deployContract('TestUsdc')
    otherToken = address
    fresh = await world.snapshot()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const [position, state] of DEPOSIT_STATES.entries()) {
    for (const intake of ['open', 'stopped'] as const) {
      describe(`${state}, intake ${intake}`, () => {
        let terms: Terms
        let reset: () => Promise<void>
        before(async () => {
          await fresh()
          terms = await someTerms(world, { maxAmount: AMOUNT })
          await bring(terms, state)
          if (intake === 'stopped') await world.mined(world.escrow.write.stopIntake(as(guardian)))
          reset = await world.snapshot()
        })
        beforeEach(() => reset())

        for (const row of DEPOSIT_ROWS) {
          const expected = resultOf(row, position, intake)
          it(`${row.action} → ${expected}`, async () => {
            assert.equal(await outcomeOf(perform(terms, row.action)), expected)
          })
        }
      })
    }
  }

  it('is the table in the README', () => assertInReadme(DEPOSIT_STATES, DEPOSIT_ROWS))

  async function bring(terms: Terms, state: DepositState): Promise<void> {
    const { escrow, client, stranger } = world
    const over = state.startsWith('money there, order')
    if (over) await world.mined(escrow.write.fund([terms], as(client)))
    const paid = PAID[state] ?? AMOUNT + 1n
    if (paid > 0n) await payDeposit(world, terms, paid)
    if (state === 'money there, too late to fund') await world.warp(terms.settleBy)
    const id = orderIdOf(world, terms)
    if (state.endsWith('settled')) await settle(world, [{ orderId: id, charged: 1n }], [{ index: 6, amount: 1n }])
    if (!state.endsWith('refunded')) return
    await world.warp(terms.refundAt)
    await world.mined(escrow.write.refund([terms], as(stranger)))
  }

  async function perform(terms: Terms, action: DepositAction): Promise<unknown> {
    const { escrow, usdc, client, stranger } = world
    const from = { account: stranger.account }
    const account = await depositAddressOf(world, terms)
    switch (action) {
      case 'fundFromDepositAddress by anyone':
        return escrow.simulate.fundFromDepositAddress([terms], from)
      case 'sweepToClient of USDC by the client':
        return escrow.simulate.sweepToClient([terms, usdc.address], { account: client.account })
      case 'sweepToClient of USDC by anyone else':
        return escrow.simulate.sweepToClient([terms, usdc.address], from)
      case 'sweepToClient of another token there, by anyone':
        await mintOther(account)
        return escrow.simulate.sweepToClient([terms, otherToken], from)
      case 'sweepToClient of a token not there, by anyone':
        return escrow.simulate.sweepToClient([terms, otherToken], from)
      case 'flush of the account by anyone but the escrow':
        return world.publicClient.simulateContract({
          address: await deployed(terms, account),
          abi: accountAbi,
          functionName: 'flush',
          args: [usdc.address, stranger.address, 1n],
          account: stranger.account,
        })
    }
  }

  async function mintOther(to: Address): Promise<void> {
    await world.mined(world.usdcAt(otherToken).write.mint([to, 1n], as(world.stranger)))
  }

  /** Sweeping another token puts the account there without touching its USDC. */
  async function deployed(terms: Terms, account: Address): Promise<Address> {
    await mintOther(account)
    await world.mined(world.escrow.write.sweepToClient([terms, otherToken], as(world.stranger)))
    return account
  }
})
