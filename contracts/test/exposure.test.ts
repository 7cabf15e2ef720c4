/** What stands behind an operator's work, and that none of it leaves while a verdict is pending. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import fc from 'fast-check'
import type { Hex } from 'viem'

import { type Ladder, openLadder } from './support/ladder.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import { appeal, approveBonds, finalize, rule, submitVerdict, warpToClose } from './support/verdicts.ts'
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

const SLASH = 10n * USDC

describe('exposure', () => {
  let world: World
  let ladder: Ladder
  let provider: Actor
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    ladder = await openLadder(world)
    provider = world.providers[0] as Actor
    await approveBonds(world, [provider])
    await world.rpc('hardhat_impersonateAccount', world.market.disputes)
    await world.rpc('hardhat_setBalance', world.market.disputes, '0xde0b6b3a7640000')
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const exposure = (actor = provider) => world.stakes.read.exposure([actor.address])
  const order = () => fundedOrder(world, { quorumId: ladder.court.quorumId })
  const judged = async (given?: FundedOrder, slash = SLASH, shard = 3) =>
    submitVerdict(world, given ?? (await order()), { slash, shard }, ladder.court)
  const unbond = (amount: bigint) => world.mined(world.stakes.write.requestUnbond([amount], as(provider)))
  const leave = () =>
    world.stakes.simulate.finishUnbond([provider.address], { account: provider.account }).then(({ result }) => result)

  it('is nothing for whoever never registered', async () => {
    const nothing = { free: 0n, active: 0n, unbonding: 0n, unbondAt: 0, claimed: 0n }
    assert.deepEqual(await exposure(world.stranger), { ...nothing, holds: 0, convictions: 0, slashed: 0n })
  })

  it('shows a verdict from its first second to its last', async () => {
    const before = await exposure()
    const id = await judged()
    const pending = { ...before, free: PROVIDER_STAKE - SLASH, claimed: SLASH, holds: 1 }
    assert.deepEqual(await exposure(), pending)
    await appeal(world, id, provider)
    assert.deepEqual(await exposure(), pending)
    await warpToClose(world, id)
    assert.deepEqual(await exposure(), pending)
    await finalize(world, id)
    const rest = PROVIDER_STAKE - SLASH
    assert.deepEqual(await exposure(), { ...before, free: rest, active: rest, convictions: 1, slashed: SLASH })
  })

  it('claims what a verdict asks for, even if there is less', async () => {
    const given = await order()
    await judged(given, 40n * USDC)
    await judged(given, 60n * USDC, 4)
    const { free, claimed, holds } = await exposure()
    assert.deepEqual([free, claimed, holds], [0n, 100n * USDC, 2])
  })

  it('counts leaving stake against claims first, and never as free', async () => {
    await judged()
    await unbond(4n * USDC)
    assert.equal((await exposure()).free, PROVIDER_STAKE - SLASH)
    await unbond(6n * USDC)
    assert.equal((await exposure()).free, PROVIDER_STAKE - SLASH)
    await unbond(USDC)
    assert.equal((await exposure()).free, PROVIDER_STAKE - SLASH - USDC)
    await world.mined(world.stakes.write.cancelUnbond(as(provider)))
    assert.equal((await exposure()).free, PROVIDER_STAKE - SLASH)
  })

  it('keeps the whole slash claimed while it is taken in parts', async () => {
    await using small = await openWorld({ dailySlashCap: 6n * USDC })
    const given = await fundedOrder(small)
    const id = await submitVerdict(small, given, { slash: SLASH })
    await small.warp((Math.floor((await small.now()) / DAY) + 4) * DAY)
    await finalize(small, id)
    const [part, whole] = [6n * USDC, PROVIDER_STAKE]
    const read = () => small.stakes.read.exposure([provider.address])
    const first = await read()
    assert.deepEqual([first.active, first.claimed, first.holds, first.slashed], [whole - part, SLASH, 1, part])
    assert.equal(first.free, whole - part - SLASH)
    await small.warp((await small.now()) + DAY)
    await finalize(small, id)
    const last = await read()
    assert.deepEqual([last.active, last.claimed, last.holds, last.slashed], [whole - SLASH, 0n, 0, SLASH])
    assert.deepEqual([last.free, last.convictions], [whole - SLASH, 1])
  })

  describe('of held stake', () => {
    /** Everything is leaving and could go, but for the verdict. */
    async function heldAndDue(id: Hex): Promise<void> {
      await unbond(PROVIDER_STAKE)
      await warpToClose(world, id)
      const { unbondAt } = await exposure()
      await world.warp(unbondAt)
      await rejectsWith(leave(), 'StakeHeld', [6, 1])
    }

    it('lets none leave before the conviction, and the rest after it', async () => {
      const id = await judged()
      await heldAndDue(id)
      await finalize(world, id)
      assert.equal(await leave(), PROVIDER_STAKE - SLASH)
    })

    it('lets all leave after an acquittal', async () => {
      const id = await judged()
      await appeal(world, id, provider)
      await rule(world, id, false, ladder.benches[0])
      await heldAndDue(id)
      await finalize(world, id)
      assert.equal(await leave(), PROVIDER_STAKE)
      const { convictions, slashed } = await exposure()
      assert.deepEqual([convictions, slashed], [0, 0n])
    })

    it('waits through appeals, and ends with a silent bench', async () => {
      const id = await judged()
      await unbond(PROVIDER_STAKE)
      await appeal(world, id, provider)
      await rule(world, id, true, ladder.benches[0])
      await appeal(world, id, provider)
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await rejectsWith(leave(), 'StakeHeld', [6, 1])
      await finalize(world, id)
      assert.equal(await leave(), PROVIDER_STAKE - SLASH)
    })

    it('waits for the last of two verdicts', async () => {
      const given = await order()
      const first = await judged(given)
      const second = await judged(given, 7n * USDC, 4)
      await unbond(PROVIDER_STAKE)
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await rejectsWith(leave(), 'StakeHeld', [6, 2])
      await finalize(world, second)
      await rejectsWith(leave(), 'StakeHeld', [6, 1])
      assert.deepEqual([(await exposure()).claimed, (await exposure()).holds], [SLASH, 1])
      await finalize(world, first)
      assert.equal(await leave(), PROVIDER_STAKE - 17n * USDC)
      assert.equal((await exposure()).convictions, 2)
    })

    it('takes what is leaving first, though it was free to go the day before', async () => {
      await unbond(20n * USDC)
      const { unbondAt } = await exposure()
      await world.warp(unbondAt - DAY)
      const id = await judged()
      await world.warp(unbondAt + APPEAL_WINDOW)
      await rejectsWith(leave(), 'StakeHeld', [6, 1])
      await finalize(world, id)
      assert.equal(await leave(), SLASH)
      assert.equal((await exposure()).active, PROVIDER_STAKE - 20n * USDC)
    })

    it('leaves a neighbour alone', async () => {
      await judged()
      const neighbour = world.providers[1] as Actor
      await world.mined(world.stakes.write.requestUnbond([PROVIDER_STAKE], as(neighbour)))
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await world.mined(world.stakes.write.finishUnbond([neighbour.address], as(neighbour)))
    })
  })

  it('follows its definition through any sequence of calls', async () => {
    const amount = fc.bigInt(1n, 70n * USDC)
    const action = fc.oneof(
      fc.record({ kind: fc.constantFrom('stake', 'requestUnbond', 'hold', 'slash'), amount }),
      fc.record({ kind: fc.constantFrom('cancelUnbond', 'finishUnbond', 'release', 'acquit'), amount }),
    )
    const sequence = fc.array(action, { minLength: 5, maxLength: 20 })
    const property = fc.asyncProperty(sequence, async (actions) => {
      await reset()
      const model = createModel()
      for (const given of actions) await step(model, given)
    })
    await fc.assert(property, { seed: 11, numRuns: 25 })
  })

  interface Step {
    readonly kind: string
    readonly amount: bigint
  }
  type Model = ReturnType<typeof createModel>
  const createModel = () => ({
    active: PROVIDER_STAKE,
    unbonding: 0n,
    held: [] as bigint[],
    convictions: 0,
    slashed: 0n,
  })

  /** Makes one call, on the chain and in the model, if the model says that it is allowed. */
  async function step(model: Model, { kind, amount }: Step): Promise<void> {
    const { stakes } = world
    const disputes = { account: world.market.disputes, gas: 8_000_000n }
    const claim = model.held[0] ?? 0n
    if (kind === 'stake') {
      await world.mined(stakes.write.stake([amount], as(provider)))
      model.active += amount
    } else if (kind === 'requestUnbond' && amount <= model.active) {
      await unbond(amount)
      model.active -= amount
      model.unbonding += amount
    } else if (kind === 'cancelUnbond' && model.unbonding > 0n) {
      await world.mined(stakes.write.cancelUnbond(as(provider)))
      model.active += model.unbonding
      model.unbonding = 0n
    } else if (kind === 'finishUnbond' && model.unbonding > 0n && model.held.length === 0) {
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await world.mined(stakes.write.finishUnbond([provider.address], as(provider)))
      model.unbonding = 0n
    } else if (kind === 'hold') {
      await world.mined(stakes.write.hold([provider.address, amount], disputes))
      model.held.push(amount)
    } else if ((kind === 'release' || kind === 'acquit') && model.held.length > 0) {
      await world.mined(stakes.write.release([provider.address, claim, kind === 'release'], disputes))
      model.held.shift()
      if (kind === 'release') model.convictions += 1
    } else if (kind === 'slash') {
      await world.mined(stakes.write.slash([provider.address, amount], disputes))
      const fromUnbonding = amount < model.unbonding ? amount : model.unbonding
      const rest = amount - fromUnbonding
      const fromActive = rest < model.active ? rest : model.active
      model.unbonding -= fromUnbonding
      model.active -= fromActive
      model.slashed += fromUnbonding + fromActive
    }
    const { unbondAt, ...seen } = await exposure()
    const { active, unbonding, held, convictions, slashed } = model
    const claimed = held.reduce((sum, each) => sum + each, 0n)
    const reach = claimed > unbonding ? claimed - unbonding : 0n
    const free = active > reach ? active - reach : 0n
    assert.deepEqual(seen, { free, active, unbonding, claimed, holds: held.length, convictions, slashed })
    assert.equal(unbondAt > 0, unbonding > 0n)
  }
})
