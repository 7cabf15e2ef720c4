/** One test for each cell of the tables of stakes: what each call does to an operator in each state. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'

import { type Address, keccak256, toHex } from 'viem'

import { assertInReadme, resultOf } from './support/behaviour-table.ts'
import { FAR_FUTURE, signAuthorization } from './support/messages.ts'
import { revertName } from './support/revert-name.ts'
import {
  PAYOUT_ROWS,
  PAYOUT_STATES,
  type PayoutCall,
  type PayoutState,
  STAKE_ROWS,
  STAKE_STATES,
  type StakeCall,
  type StakeState,
} from './support/stake-table.ts'
import { type Actor, ROLE, UNBONDING_DELAY, USDC, type World, as, createActor, openWorld } from './support/world.ts'

const METADATA = keccak256(toHex('metadata'))
const NONCE = keccak256(toHex('nonce'))
const STAKE = 100n * USDC
const LEAVING = 30n * USDC
const CLAIM = 50n * USDC
const AMOUNT = 40n * USDC

/** What a call does: to active and leaving stake, to what verdicts claim, and to what the operator and disputes hold. */
interface Change {
  readonly active?: bigint
  readonly unbonding?: bigint
  readonly claimed?: bigint
  readonly toOperator?: bigint
  readonly toDisputes?: bigint
}

/** Of the cells that say `ok`. What is leaving is slashed first; with nothing staked there is nothing to take. */
function expectedChange(call: StakeCall, { active, unbonding }: { active: bigint; unbonding: bigint }): Change {
  switch (call) {
    case 'stake':
    case 'stakeWithAuthorization, by anyone':
      return { active: AMOUNT, toOperator: -AMOUNT }
    case 'requestUnbond':
      return { active: -AMOUNT, unbonding: AMOUNT }
    case 'cancelUnbond':
      return { active: unbonding, unbonding: -unbonding }
    case 'finishUnbond':
      return { unbonding: -unbonding, toOperator: unbonding }
    case 'hold, by disputes':
      return { claimed: CLAIM }
    case 'release, by disputes':
      return { claimed: -CLAIM }
    case 'slash, by disputes': {
      const first = unbonding < AMOUNT ? unbonding : AMOUNT
      const then = active < AMOUNT - first ? active : AMOUNT - first
      return { active: -then, unbonding: -first, toDisputes: first + then }
    }
    default:
      return {}
  }
}

describe('what an operator can do in each state', () => {
  let world: World
  let someone: Actor
  let payout: Actor
  let reset: () => Promise<void>
  before(async () => {
    const guardian = createActor('client').address
    world = await openWorld({ guardian })
    someone = world.stranger
    payout = world.detector
    await world.rpc('hardhat_impersonateAccount', world.market.disputes)
    await world.rpc('hardhat_setBalance', world.market.disputes, '0xde0b6b3a7640000')
    reset = await world.snapshot()
  })
  after(() => world[Symbol.asyncDispose]())

  const byDisputes = () => ({ account: world.market.disputes, gas: 8_000_000n })
  const stopIntake = () => world.mined(world.stakes.write.stopIntake(as(world.client)))

  async function register(): Promise<void> {
    await world.mined(world.stakes.write.register([payout.address, ROLE.provider, METADATA], as(someone)))
  }

  async function bring(state: StakeState): Promise<void> {
    const { stakes } = world
    if (state === 'unknown') return
    await register()
    if (state === 'nothing staked') return
    await world.mined(stakes.write.stake([STAKE], as(someone)))
    if (state.includes('leaving')) await world.mined(stakes.write.requestUnbond([LEAVING], as(someone)))
    if (state.startsWith('held')) await world.mined(stakes.write.hold([someone.address, CLAIM], byDisputes()))
    const { unbondAt } = await stakes.read.operator([someone.address])
    if (state.endsWith('before unbondAt')) await world.warp(unbondAt - 10)
    if (state.endsWith('from unbondAt')) await world.warp(unbondAt)
  }

  async function look() {
    const { stakes, usdc, market } = world
    const balance = (address: Address) => usdc.read.balanceOf([address])
    const { active, unbonding, claimed, holds } = await stakes.read.exposure([someone.address])
    const [toOperator, toDisputes] = [await balance(someone.address), await balance(market.disputes)]
    return { active, unbonding, claimed, holds, toOperator, toDisputes, inAll: await balance(stakes.address) }
  }

  async function prepare(call: StakeCall) {
    const { stakes } = world
    const own = { account: someone.account, gas: 8_000_000n }
    const other = { account: world.aggregator.account, gas: 8_000_000n }
    const [name, by] = call.split(', by ')
    const caller = by === 'disputes' ? byDisputes() : by === undefined ? own : other
    const claim = [someone.address, CLAIM] as const
    switch (name) {
      case 'register':
        return both(stakes, 'register', [payout.address, 1, METADATA], caller)
      case 'updateProfile':
        return both(stakes, 'updateProfile', [4, METADATA], caller)
      case 'stakeWithAuthorization': {
        const pay = { from: someone, to: stakes.address, value: AMOUNT, nonce: NONCE }
        const args = [someone.address, AMOUNT, 0n, FAR_FUTURE, NONCE, await signAuthorization(world, pay)]
        return both(stakes, 'stakeWithAuthorization', args, caller)
      }
      case 'stake':
      case 'requestUnbond':
        return both(stakes, name, [AMOUNT], caller)
      case 'cancelUnbond':
        return both(stakes, name, [], caller)
      case 'finishUnbond':
      case 'requestPayoutChange':
        return both(stakes, name, [someone.address], caller)
      case 'hold':
        return both(stakes, name, claim, caller)
      case 'release':
        return both(stakes, name, [...claim, true], caller)
      default:
        return both(stakes, 'slash', [someone.address, AMOUNT], caller)
    }
  }

  for (const [position, state] of STAKE_STATES.entries()) {
    for (const intake of ['open', 'stopped'] as const) {
      describe(`${state}, intake ${intake}`, () => {
        let resetState: () => Promise<void>
        before(async () => {
          await reset()
          await bring(state)
          if (intake === 'stopped') await stopIntake()
          resetState = await world.snapshot()
        })
        afterEach(() => resetState())

        for (const row of STAKE_ROWS) {
          const expected = resultOf(row, position, intake)
          it(`${row.action} → ${expected}`, () => checkStake(row.action, expected))
        }
      })
    }
  }

  async function checkStake(call: StakeCall, expected: string): Promise<void> {
    const attempt = await prepare(call)
    assert.equal(await revertName(attempt.simulate()), expected)
    if (expected !== 'ok') return
    const earlier = await look()
    await world.mined(attempt.write())
    const later = await look()
    const {
      active = 0n,
      unbonding = 0n,
      claimed = 0n,
      toOperator = 0n,
      toDisputes = 0n,
    } = expectedChange(call, earlier)
    assert.equal(later.active, earlier.active + active)
    assert.equal(later.unbonding, earlier.unbonding + unbonding)
    assert.equal(later.claimed, earlier.claimed + claimed)
    assert.equal(later.holds, earlier.holds + (claimed > 0n ? 1 : claimed < 0n ? -1 : 0))
    assert.equal(later.toOperator, earlier.toOperator + toOperator)
    assert.equal(later.toDisputes, earlier.toDisputes + toDisputes)
    assert.equal(later.inAll, earlier.inAll - toOperator - toDisputes)
  }

  describe('with its payout address', () => {
    const NEXT = createActor('next payout')

    async function bringPayout(state: PayoutState): Promise<void> {
      const { stakes } = world
      await register()
      if (state === 'no change under way') return
      await world.mined(stakes.write.requestPayoutChange([NEXT.address], as(someone)))
      await world.warp((await world.now()) + UNBONDING_DELAY - (state.endsWith('before the delay') ? 10 : 0))
    }

    function preparePayout(call: PayoutCall) {
      const { stakes, aggregator } = world
      const [name = '', by] = call.split(', by ')
      const callers: Record<string, Actor> = {
        'the operator': someone,
        'the payout address': payout,
        'the address to come': NEXT,
      }
      const { account } = callers[by ?? ''] ?? aggregator
      const target = name === 'requestPayoutChange' ? aggregator : someone
      return both(stakes, name, [target.address], { account, gas: 8_000_000n })
    }

    async function checkPayout(call: PayoutCall, expected: string): Promise<void> {
      const { stakes, aggregator } = world
      const attempt = preparePayout(call)
      assert.equal(await revertName(attempt.simulate()), expected)
      if (expected !== 'ok') return
      await world.mined(attempt.write())
      const index = await stakes.read.indexOf([someone.address])
      const [next, effectiveAt] = await stakes.read.pendingPayout([index])
      const now = await stakes.read.payoutOf([index])
      if (call.startsWith('request')) {
        assert.deepEqual([next, effectiveAt], [aggregator.address, (await world.now()) + UNBONDING_DELAY])
      } else assert.equal(effectiveAt, 0)
      assert.equal(now, call.startsWith('finish') ? NEXT.address : payout.address)
    }

    for (const [position, state] of PAYOUT_STATES.entries()) {
      describe(state, () => {
        let resetState: () => Promise<void>
        before(async () => {
          await reset()
          await bringPayout(state)
          resetState = await world.snapshot()
        })
        afterEach(() => resetState())

        for (const row of PAYOUT_ROWS) {
          const expected = resultOf(row, position, 'open')
          it(`${row.action} → ${expected}`, () => checkPayout(row.action, expected))
        }
      })
    }
  })

  it('is the tables in the README', async () => {
    await assertInReadme(STAKE_STATES, STAKE_ROWS)
    await assertInReadme(PAYOUT_STATES, PAYOUT_ROWS)
  })
})

/** A call that can be tried and then made. */
function both(contract: World['stakes'], functionName: string, args: readonly unknown[], options: object) {
  const pick = (methods: unknown): ((...given: unknown[]) => Promise<never>) =>
    (methods as Record<string, (...given: unknown[]) => Promise<never>>)[functionName] as never
  return {
    simulate: () => pick(contract.simulate)(args, options) as Promise<unknown>,
    write: () => pick(contract.write)(args, options),
  }
}
