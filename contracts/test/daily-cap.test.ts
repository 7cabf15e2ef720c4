/** What verdicts of one quorum may take in a day, and that the cap holds nobody's stake for ever. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import fc from 'fast-check'
import type { Hex } from 'viem'

import { type Bench, createBench } from './support/ladder.ts'
import { prove, someClaim } from './support/proofs.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import { appeal, approveBonds, assertSolvent, finalize, rule, submitVerdict, warpToClose } from './support/verdicts.ts'
import {
  APPEAL_WINDOW,
  type Actor,
  DAY,
  PROVIDER_STAKE,
  UNBONDING_DELAY,
  USDC,
  type World,
  as,
  openWorld,
} from './support/world.ts'

const CAP = 15n * USDC

describe('the daily cap', () => {
  let world: World
  let order: FundedOrder
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ dailySlashCap: CAP })
    order = await fundedOrder(world)
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const provider = (i: number) => world.providers[i] as Actor
  const active = async (i: number) => (await world.stakes.read.operator([provider(i).address])).active
  const left = (quorumId = 1) => world.disputes.read.leftToday([quorumId])
  const midnight = (days: number) => nextMidnight(world, days)

  /** Records a verdict on a provider, without waiting. */
  const judged = (slash: bigint, i = 0, given = order) =>
    submitVerdict(world, given, { slash, accused: provider(i).address, shard: i })

  /** Warps past all appeal windows, to a second after midnight. */
  const due = async () => world.warp((await midnight(APPEAL_WINDOW / DAY)) + 1)

  it('is 15 USDC here, and all of it is left on a day without verdicts', async () => {
    assert.equal(await world.disputes.read.DAILY_SLASH_CAP(), CAP)
    assert.equal(await left(), CAP)
    assert.equal(await left(77), CAP)
  })

  it('lets a slash be taken over several days, each part shared out at once', async () => {
    const { disputes, detector, client } = world
    const id = await judged(40n * USDC)
    await due()
    let taken = 0n
    for (const part of [15n, 15n, 10n]) {
      assert.equal((await disputes.read.verdictOf([id])).status, 1)
      const { result } = await disputes.simulate.finalizeVerdict([id])
      assert.equal(result, part * USDC)
      await finalize(world, id)
      taken += part * USDC
      assert.equal(await active(0), PROVIDER_STAKE - taken)
      assert.equal(await disputes.read.credit([detector.address]), (taken * 4n) / 10n)
      assert.equal(await disputes.read.credit([client.address]), taken / 10n)
      assert.equal(await disputes.read.fundBalance(), taken / 2n)
      assert.equal((await disputes.read.verdictOf([id])).collected, taken)
      assert.equal(await left(), CAP - part * USDC)
      await assertSolvent(world)
      if (part === 15n) {
        await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'DailyLimitReached', [1, BigInt(await midnight(0))])
      }
      await world.warp((await world.now()) + DAY)
    }
    assert.equal((await disputes.read.verdictOf([id])).status, 3)
    await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'VerdictClosed', [id])
  })

  it('counts calendar days: full again at midnight UTC, and not a second before', async () => {
    const id = await judged(40n * USDC)
    const end = await midnight(APPEAL_WINDOW / DAY)
    await world.warp(end - 1)
    await finalizeAt(id, end - 1)
    assert.equal(await left(), 0n)
    await rejectsWith(world.disputes.simulate.finalizeVerdict([id]), 'DailyLimitReached', [1, BigInt(end)])
    await world.warp(end)
    assert.equal(await left(), CAP)
    await finalizeAt(id, end)
    assert.equal(await left(), 0n)
    assert.equal(await active(0), PROVIDER_STAKE - 2n * CAP)
  })

  /** Carries out a verdict in a block of exactly this time. */
  async function finalizeAt(id: Hex, time: number): Promise<void> {
    await world.rpc('evm_setNextBlockTimestamp', time)
    await finalize(world, id)
    assert.equal(await world.now(), time)
  }

  it('is shared by the verdicts of one quorum, first come, first served', async () => {
    const { disputes } = world
    const first = await judged(9n * USDC, 0)
    const second = await judged(9n * USDC, 1)
    const third = await judged(9n * USDC, 2)
    await due()
    await finalize(world, first)
    assert.equal(await left(), 6n * USDC)
    await finalize(world, second)
    assert.equal(await active(1), PROVIDER_STAKE - 6n * USDC)
    await rejectsWith(disputes.simulate.finalizeVerdict([second]), 'DailyLimitReached')
    await rejectsWith(disputes.simulate.finalizeVerdict([third]), 'DailyLimitReached')
    await world.warp((await world.now()) + DAY)
    await finalize(world, third)
    await finalize(world, second)
    assert.deepEqual(await Promise.all([0, 1, 2].map(active)), Array(3).fill(PROVIDER_STAKE - 9n * USDC))
    assert.equal(await left(), 3n * USDC)
  })

  it('is not shared with another quorum, even of the same members', async () => {
    const twin = await createBench(world, world.validators, 0)
    const other = await fundedOrder(world, { quorumId: twin.quorumId })
    const here = await judged(20n * USDC, 0)
    const there = await judged(20n * USDC, 1, other)
    await due()
    await finalize(world, here)
    assert.deepEqual([await left(1), await left(twin.quorumId)], [0n, CAP])
    await finalize(world, there)
    assert.equal(await active(1), PROVIDER_STAKE - CAP)
  })

  it('is counted under the quorum of the order, whoever ruled last', async () => {
    const high = await createBench(world, world.validators, 0)
    const court = await createBench(world, world.validators.slice(0, 3), high.quorumId)
    const own = await fundedOrder(world, { quorumId: court.quorumId })
    await approveBonds(world, [world.stranger])
    const id = await submitVerdict(world, own, {}, court)
    await appeal(world, id, world.stranger)
    await rule(world, id, true, high)
    await finalize(world, id)
    assert.deepEqual([await left(court.quorumId), await left(high.quorumId)], [CAP - 10n * USDC, CAP])
  })

  describe('with less stake than the slash', () => {
    it('ends the verdict when a part cannot be taken in full', async () => {
      const id = await judged(70n * USDC)
      await due()
      for (const part of [15n, 15n, 15n, 5n]) {
        assert.equal((await world.disputes.simulate.finalizeVerdict([id])).result, part * USDC)
        await finalize(world, id)
        assert.equal(await left(), CAP - part * USDC, 'only what was taken counts')
        await world.warp((await world.now()) + DAY)
      }
      await over(id)
    })

    it('ends it with a part of nothing, if the parts before took all there was', async () => {
      await world.mined(world.stakes.write.requestUnbond([5n * USDC], as(provider(0))))
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await world.mined(world.stakes.write.finishUnbond([provider(0).address], as(provider(0))))
      const id = await judged(70n * USDC, 0, await fundedOrder(world))
      await due()
      for (const part of [15n, 15n, 15n, 0n]) {
        assert.equal((await world.disputes.simulate.finalizeVerdict([id])).result, part * USDC)
        await finalize(world, id)
        await world.warp((await world.now()) + DAY)
      }
      await over(id)
    })

    it('ends a verdict on one who has nothing at once', async () => {
      await world.mined(world.stakes.write.register([world.stranger.address, 1, order.id], as(world.stranger)))
      const nobody: World = { ...world, providers: [world.stranger] }
      const id = await submitVerdict(nobody, order)
      await due()
      await finalize(world, id)
      const { convictions, holds, claimed } = await world.stakes.read.exposure([world.stranger.address])
      assert.deepEqual([convictions, holds, claimed], [1, 0, 0n])
      assert.equal(await left(), CAP)
    })

    async function over(id: Hex): Promise<void> {
      const { status, guilty, collected } = await world.disputes.read.verdictOf([id])
      assert.deepEqual([status, guilty, collected], [3, true, 60n * USDC])
      const { active: rest, holds, claimed, convictions } = await world.stakes.read.exposure([provider(0).address])
      assert.deepEqual([rest, holds, claimed, convictions], [0n, 0, 0n, 1])
      await rejectsWith(world.disputes.simulate.finalizeVerdict([id]), 'VerdictClosed', [id])
    }
  })

  it('takes stake added meanwhile for what is still due, and no more', async () => {
    const id = await judged(60n * USDC)
    await due()
    await finalize(world, id)
    await world.mined(world.stakes.write.stake([100n * USDC], as(provider(0))))
    for (const part of [15n, 15n, 15n]) {
      await world.warp((await world.now()) + DAY)
      assert.equal((await world.disputes.simulate.finalizeVerdict([id])).result, part * USDC)
      await finalize(world, id)
    }
    assert.equal(await active(0), PROVIDER_STAKE + 40n * USDC)
    assert.equal((await world.disputes.read.verdictOf([id])).status, 3)
  })

  describe('when used up', () => {
    let high: Bench
    let court: Bench
    let given: FundedOrder
    beforeEach(async () => {
      high = await createBench(world, world.validators, 0)
      court = await createBench(world, world.validators.slice(0, 3), high.quorumId)
      given = await fundedOrder(world, { quorumId: court.quorumId })
      await approveBonds(world, [world.stranger])
    })

    const useUp = async () => {
      const id = await submitVerdict(world, given, { accused: provider(1).address, slash: CAP }, court)
      await due()
      await finalize(world, id)
    }

    it('does not hold up an acquittal', async () => {
      const id = await submitVerdict(world, given, {}, court)
      await appeal(world, id, world.stranger)
      await rule(world, id, false, high)
      await useUp()
      await finalize(world, id)
      assert.equal((await world.stakes.read.exposure([provider(0).address])).holds, 0)
    })

    it('returns the bond of a silent bench with the first part, the next day', async () => {
      const { disputes, stranger } = world
      const id = await submitVerdict(world, given, {}, court)
      await appeal(world, id, stranger)
      await useUp()
      await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'DailyLimitReached')
      assert.equal(await disputes.read.credit([stranger.address]), 0n)
      await world.warp((await world.now()) + DAY)
      await finalize(world, id)
      assert.equal(await disputes.read.credit([stranger.address]), 2_500_000n)
      assert.equal((await disputes.read.verdictOf([id])).status, 3)
    })

    it('does not hold up a proof, which takes more and leaves the cap alone', async () => {
      await useUp()
      await prove(world, await someClaim(world, 'equivocation', given))
      assert.equal(await active(0), 0n)
      assert.equal(await left(court.quorumId), 0n)
      assert.equal(await left(), CAP)
    })
  })

  it('holds nobody for ever: one call a day ends every verdict', async () => {
    const slashes = fc.array(fc.bigInt(1n, 60n * USDC), { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(slashes, fc.nat(3), async (given, turn) => {
      await reset()
      const verdicts: { id: Hex; i: number }[] = []
      for (const [i, slash] of given.entries()) verdicts.push({ id: await judged(slash, i), i })
      for (const { id } of verdicts) await warpToClose(world, id)
      const total = given.reduce((sum, slash) => sum + slash, 0n)
      // Each day takes the cap or ends a verdict whose stake is empty.
      const days = Number(total / CAP) + 1 + given.length
      const order_ = [...verdicts.slice(turn), ...verdicts.slice(0, turn)]
      for (let day = 0; day < days; day += 1) await runDay(order_)
      for (const { id, i } of verdicts) {
        assert.equal((await world.disputes.read.verdictOf([id])).status, 3)
        assert.equal((await world.stakes.read.exposure([provider(i).address])).holds, 0)
        const slash = given[i] as bigint
        assert.equal(await active(i), slash < PROVIDER_STAKE ? PROVIDER_STAKE - slash : 0n)
      }
      await assertSolvent(world)
    })
    await fc.assert(property, { seed: 5, numRuns: 8 })
  })

  /** Everybody tries once; no more than the cap is taken. */
  async function runDay(verdicts: readonly { id: Hex }[]): Promise<void> {
    await world.warp((await midnight(0)) + 1)
    const before = await world.usdc.read.balanceOf([world.disputes.address])
    for (const { id } of verdicts) {
      const closed = (await world.disputes.read.verdictOf([id])).status === 3
      if (!closed && (await left()) > 0n) await finalize(world, id)
    }
    const taken = (await world.usdc.read.balanceOf([world.disputes.address])) - before
    assert.ok(taken <= CAP, `${taken} in one day`)
    assert.equal(await left(), CAP - taken)
  }
})

/** Midnight UTC after so many more days. */
async function nextMidnight(world: World, days: number): Promise<number> {
  return (Math.floor((await world.now()) / DAY) + 1 + days) * DAY
}
