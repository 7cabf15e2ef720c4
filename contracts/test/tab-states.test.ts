import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { assertInReadme, outcomeOf, resultOf } from './support/behaviour-table.ts'
import {
  TAB_ROWS,
  TAB_STATES,
  type TabAction,
  type TabState,
  drawBatch,
  drawTab,
  signedBatch,
  signedDeposit,
  someDraw,
  tabOf,
  topUp,
} from './support/tabs.ts'
import { USDC, type World, as, createActor, openWorld } from './support/world.ts'

const AMOUNT = 10n * USDC
const guardian = createActor('detector')

describe('what a tab allows in each state', () => {
  let world: World
  let fresh: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    fresh = await world.snapshot()
  })
  after(() => world[Symbol.asyncDispose]())

  for (const [position, state] of TAB_STATES.entries()) {
    for (const intake of ['open', 'stopped'] as const) {
      describe(`${state}, intake ${intake}`, () => {
        let reset: () => Promise<void>
        before(async () => {
          await fresh()
          await bring(state)
          if (intake === 'stopped') await world.mined(world.escrow.write.stopIntake(as(guardian)))
          reset = await world.snapshot()
        })
        beforeEach(() => reset())

        for (const row of TAB_ROWS) {
          const expected = resultOf(row, position, intake)
          it(`${row.action} → ${expected}`, async () => {
            assert.equal(await outcomeOf(perform(row.action)), expected)
          })
        }
      })
    }
  }

  it('is the table in the README', () => assertInReadme(TAB_STATES, TAB_ROWS))

  async function bring(state: TabState): Promise<void> {
    if (state === 'never paid into') return
    await topUp(world, AMOUNT)
    if (state === 'open') return
    if (state === 'drained') return drawTab(world, AMOUNT)
    await world.mined(world.escrow.write.startTabExit([world.aggregator.address, AMOUNT], as(world.client)))
    if (state === 'exit started') return
    if (state === 'exit due, drained') await drawTab(world, AMOUNT)
    await world.warp((await world.escrow.read.tab(tabOf(world))).exitAt)
    if (state === 'exit due' || state === 'exit due, drained') return
    await world.mined(world.escrow.write.finishTabExit(tabOf(world), as(world.stranger)))
    if (state === 'paid into again') await topUp(world, AMOUNT)
  }

  /** Settles a draw of the tab to `ahead` beyond what was drawn before; the whole batch is otherwise good. */
  async function settle(ahead: bigint, changes: Partial<Parameters<typeof someDraw>[1]> = {}): Promise<unknown> {
    const { spent, generation } = await world.escrow.read.tab(tabOf(world))
    const draw = await someDraw(world, { spentAfter: spent + ahead, generation, ...changes })
    const batch = drawBatch(world, [draw], [{ index: 6, amount: ahead }])
    return world.escrow.simulate.settle(await signedBatch(world, batch), { account: world.stranger.account })
  }

  async function perform(action: TabAction): Promise<unknown> {
    const { escrow, client, aggregator, stranger } = world
    const { deposited, spent, generation } = await escrow.read.tab(tabOf(world))
    const from = { account: stranger.account }
    const own = { account: client.account }
    switch (action) {
      case 'topUpTab by the client':
        return escrow.simulate.topUpTab([...tabOf(world), 1n], own)
      case 'topUpTab by anyone else':
        return escrow.simulate.topUpTab([...tabOf(world), 1n], from)
      case 'topUpTabWithAuthorization by anyone':
        return escrow.simulate.topUpTabWithAuthorization(await signedDeposit(world), from)
      case 'settle, drawing more':
        return settle(1n)
      case 'settle, drawing more than is there':
        return settle(deposited - spent + 1n)
      case 'settle, to a total drawn before':
        return settle(0n)
      case 'settle, above the voucher':
        return settle(1n, { ceiling: spent })
      case 'settle, voucher of another generation':
        return settle(1n, { generation: generation + 1 })
      case 'settle, voucher signed by anyone else':
        return settle(1n, { signer: stranger, client: client.address })
      case 'startTabExit of something':
        return escrow.simulate.startTabExit([aggregator.address, 1n], own)
      case 'startTabExit of more than is there':
        return escrow.simulate.startTabExit([aggregator.address, deposited - spent + 1n], own)
      case 'startTabExit of 0':
        return escrow.simulate.startTabExit([aggregator.address, 0n], own)
      case 'startTabExit by anyone else':
        return escrow.simulate.startTabExit([aggregator.address, 1n], from)
      case 'finishTabExit by anyone':
        return escrow.simulate.finishTabExit(tabOf(world), from)
    }
  }
})
