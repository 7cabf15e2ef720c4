/** One test for each cell of the table of verdicts, every timeout among them. Whoever calls is a stranger to the case. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'

import type { Hex } from 'viem'

import { type Ladder, openLadder } from './support/ladder.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { withoutPadding } from './support/render-grid.ts'
import { revertName } from './support/revert-name.ts'
import {
  VERDICT_CALLS,
  VERDICT_STATES,
  type VerdictCall,
  type VerdictState,
  renderVerdictTable,
} from './support/verdict-table.ts'
import {
  appeal,
  approveBonds,
  assertSolvent,
  finalize,
  rule,
  rulingArgs,
  someVerdict,
  submitVerdict,
  verdictArgs,
  verdictIdOf,
  warpToClose,
} from './support/verdicts.ts'
import { type Actor, DAY, USDC, type World, as, openWorld } from './support/world.ts'

const SLASH = 10n * USDC
const CAP = 15n * USDC
/** Leaves less of a day's cap than one verdict takes. */
const OTHER_SLASH = 9n * USDC

interface Case {
  readonly order: FundedOrder
  readonly id: Hex
}

describe('what a verdict allows in each state', () => {
  let world: World
  let ladder: Ladder
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ dailySlashCap: CAP })
    ladder = await openLadder(world)
    await approveBonds(world, [world.stranger])
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  for (const [state, results] of Object.entries(VERDICT_STATES)) {
    for (const [position, expected] of results.entries()) {
      const call = VERDICT_CALLS[position] as VerdictCall
      it(`${state}: ${call} → ${expected}`, async () => {
        const given = await bring(state as VerdictState)
        const attempt = await prepare(call, given)
        const error = await revertName(attempt.simulate())
        if (/^[A-Z]/.test(expected)) {
          assert.equal(error, expected)
          return
        }
        assert.equal(error, 'ok')
        const earlier = await look(given.id)
        await world.mined(attempt.write())
        await check(expected, earlier, await look(given.id))
      })
    }
  }

  it('is the table in the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    assert.ok(withoutPadding(readme).includes(`\n\n${renderVerdictTable()}\n\n`), renderVerdictTable())
  })

  /** The bench that hears, or would hear, the appeal of this round. */
  const benchOf = async (id: Hex) => {
    const { benchId } = await world.disputes.read.verdictOf([id])
    return ladder.benches.find(({ quorumId }) => quorumId === benchId) ?? ladder.benches[0]
  }

  async function bring(state: VerdictState): Promise<Case> {
    const court = state.endsWith('by the last bench') ? ladder.benches[1] : ladder.court
    const order = await fundedOrder(world, { quorumId: court.quorumId })
    if (state === 'unknown') return { order, id: verdictIdOf(someVerdict(world, order)) }
    const id = await submitVerdict(world, order, { slash: SLASH }, court)
    await appealAndRule(state, id)
    if (state.startsWith('taken in part')) await takePart(order, id)
    if (state === 'taken in part, a later day') await world.warp(nextMidnight(await world.now()))
    if (state.endsWith('from closesAt') || state.startsWith('over')) await warpToClose(world, id)
    if (state.startsWith('over')) await finalize(world, id)
    return { order, id }
  }

  async function appealAndRule(state: VerdictState, id: Hex): Promise<void> {
    const appealed = /appealed|ruled|acquitted/.test(state)
    if (!appealed) return
    await appeal(world, id, world.stranger)
    if (state.startsWith('appealed')) return
    await rule(world, id, state.startsWith('ruled guilty'), await benchOf(id))
    if (state.startsWith('innocence appealed')) await appeal(world, id, world.stranger)
  }

  /** Spends most of the day's cap on another verdict of the quorum, and takes the rest of it for this one. */
  async function takePart(order: FundedOrder, id: Hex): Promise<void> {
    const accused = (world.providers[1] as Actor).address
    const other = await submitVerdict(world, order, { accused, slash: OTHER_SLASH }, ladder.court)
    await world.warp(nextMidnight((await world.disputes.read.verdictOf([other])).closesAt))
    await finalize(world, other)
    await finalize(world, id)
  }

  async function prepare(call: VerdictCall, { order, id }: Case) {
    const { disputes, stranger } = world
    const by = { account: stranger.account }
    switch (call) {
      case 'submit': {
        const court = order.terms.quorumId === ladder.court.quorumId ? ladder.court : ladder.benches[1]
        const args = await verdictArgs(world, order, someVerdict(world, order, { slash: SLASH }), court)
        const write = () => disputes.write.submitVerdict(args, as(stranger))
        return { simulate: () => disputes.simulate.submitVerdict(args, by), write }
      }
      case 'appeal':
        return {
          simulate: () => disputes.simulate.appeal([id], by),
          write: () => disputes.write.appeal([id], as(stranger)),
        }
      case 'ruling: guilty':
      case 'ruling: innocent': {
        const args = await rulingArgs(world, id, call === 'ruling: guilty', await benchOf(id))
        const write = () => disputes.write.submitRuling(args, as(stranger))
        return { simulate: () => disputes.simulate.submitRuling(args, by), write }
      }
      case 'finalize':
        return {
          simulate: () => disputes.simulate.finalizeVerdict([id], by),
          write: () => disputes.write.finalizeVerdict([id], as(stranger)),
        }
    }
  }

  async function look(id: Hex) {
    const { disputes, stakes, stranger } = world
    const record = await disputes.read.verdictOf([id])
    const exposure = await stakes.read.exposure([(world.providers[0] as Actor).address])
    const credit = await disputes.read.credit([stranger.address])
    return { record, exposure, credit, fund: await disputes.read.fundBalance(), now: await world.now() }
  }
  type Sight = Awaited<ReturnType<typeof look>>

  async function check(expected: string, earlier: Sight, later: Sight): Promise<void> {
    const { record } = later
    const bond = earlier.record.bond
    if (expected === 'pending') {
      assert.deepEqual([record.status, record.guilty, record.round, later.exposure.holds], [1, true, 0, 1])
    } else if (expected === 'appealed') {
      assert.deepEqual([record.status, record.round], [2, earlier.record.round + 1])
      assert.equal(record.guilty, earlier.record.guilty)
      assert.equal(record.closesAt, later.now + 3 * DAY)
    } else if (expected === 'confirmed' || expected === 'turned') {
      const turned = expected === 'turned'
      assert.deepEqual([record.status, record.guilty, record.bond], [1, earlier.record.guilty !== turned, 0n])
      assert.equal(later.credit - earlier.credit, turned ? bond : 0n)
      assert.equal(later.fund - earlier.fund, turned ? 0n : bond)
    } else checkEnd(expected, earlier, later)
    await assertSolvent(world, record.bond)
  }

  function checkEnd(expected: string, earlier: Sight, later: Sight): void {
    const { record, exposure } = later
    const guilty = expected.startsWith('taken')
    const taken = guilty ? SLASH - earlier.record.collected : 0n
    assert.deepEqual([record.status, record.guilty, record.bond], [3, guilty, 0n])
    assert.equal(earlier.exposure.active - exposure.active, taken)
    assert.deepEqual([exposure.holds, exposure.claimed, exposure.convictions], [0, 0n, guilty ? 1 : 0])
    assert.equal(later.credit - earlier.credit, expected.endsWith('bond back') ? earlier.record.bond : 0n)
    assert.equal(expected.endsWith('bond back'), earlier.record.bond > 0n)
    assert.equal(later.fund - earlier.fund, taken / 2n)
  }
})

function nextMidnight(now: number): number {
  return (Math.floor(now / DAY) + 1) * DAY
}
