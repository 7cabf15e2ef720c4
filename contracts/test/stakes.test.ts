import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { keccak256, toHex, zeroAddress } from 'viem'

import { FAR_FUTURE, signAuthorization } from './support/messages.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { type Actor, PROVIDER_STAKE, ROLE, UNBONDING_DELAY, USDC, type World, as, openWorld } from './support/world.ts'

const METADATA = keccak256(toHex('metadata'))

describe('stakes', () => {
  let world: World
  let provider: Actor
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    provider = world.providers[0] as Actor
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const read = (actor: Actor) => world.stakes.read.operator([actor.address])
  const by = (actor: Actor) => ({ account: actor.account })

  describe('registering', () => {
    it('numbers operators from 1 and keeps what they said', async () => {
      const { stakes, stranger, detector } = world
      await world.mined(stakes.write.register([detector.address, 7, METADATA], as(stranger)))
      assert.deepEqual(await read(stranger), {
        index: 22,
        roles: 7,
        payout: detector.address,
        active: 0n,
        unbonding: 0n,
        unbondAt: 0,
      })
      assert.equal(await stakes.read.operatorAt([22]), stranger.address)
      assert.equal(await stakes.read.indexOf([stranger.address]), 22)
      assert.equal(await stakes.read.payoutOf([22]), detector.address)
      assert.equal(await stakes.read.operatorCount(), 22)
      assert.equal(await stakes.read.operatorAt([1]), world.validators[0]?.address)
    })

    it('knows nobody else', async () => {
      const { stakes, stranger } = world
      assert.equal((await read(stranger)).index, 0)
      assert.equal(await stakes.read.operatorAt([0]), zeroAddress)
      assert.equal(await stakes.read.payoutOf([22]), zeroAddress)
    })

    it('refuses a second time, no role, an unknown role and no payout address', async () => {
      const { stakes, stranger } = world
      const attempt = (actor: Actor, roles: number, payout = actor.address) =>
        stakes.simulate.register([payout, roles, METADATA], by(actor))
      await rejectsWith(attempt(provider, ROLE.provider), 'AlreadyRegistered', [provider.address, 6])
      await rejectsWith(attempt(stranger, 0), 'BadRoles', [0])
      await rejectsWith(attempt(stranger, 8), 'BadRoles', [8])
      await rejectsWith(attempt(stranger, 1, zeroAddress), 'ZeroPayout')
    })

    it('lets an operator change its roles, and nobody who is none', async () => {
      const { stakes, stranger } = world
      await world.mined(stakes.write.updateProfile([ROLE.aggregator, METADATA], as(provider)))
      assert.equal((await read(provider)).roles, ROLE.aggregator)
      await rejectsWith(stakes.simulate.updateProfile([0, METADATA], by(provider)), 'BadRoles', [0])
      await rejectsWith(stakes.simulate.updateProfile([1, METADATA], by(stranger)), 'NotRegistered', [stranger.address])
    })
  })

  describe('staking', () => {
    it('adds up, by allowance and by authorization', async () => {
      const { stakes, usdc, stranger } = world
      await world.mined(stakes.write.stake([USDC], as(provider)))
      const nonce = keccak256(toHex('any nonce'))
      const pay = { from: provider, to: stakes.address, value: 2n * USDC, nonce }
      const signature = await signAuthorization(world, pay)
      const args = [provider.address, 2n * USDC, 0n, FAR_FUTURE, nonce, signature] as const
      await world.mined(stakes.write.stakeWithAuthorization(args, as(stranger)))

      assert.equal((await read(provider)).active, PROVIDER_STAKE + 3n * USDC)
      assert.equal(await usdc.read.balanceOf([stakes.address]), 5_000n * USDC + 16n * PROVIDER_STAKE + 3n * USDC)
      const again = stakes.simulate.stakeWithAuthorization(args, by(stranger))
      await rejectsWithReason(again, 'FiatTokenV2: authorization is used or canceled')
    })

    it('refuses nothing, and strangers', async () => {
      const { stakes, stranger } = world
      await rejectsWith(stakes.simulate.stake([0n], by(provider)), 'ZeroAmount')
      await rejectsWith(stakes.simulate.stake([1n], by(stranger)), 'NotRegistered', [stranger.address])
    })
  })

  describe('unbonding', () => {
    it('waits the whole delay, and starts again with every request', async () => {
      const { stakes, detector, usdc } = world
      await world.mined(stakes.write.requestUnbond([10n * USDC], as(provider)))
      const first = (await read(provider)).unbondAt
      await world.warp(first - 1)
      await rejectsWith(stakes.simulate.finishUnbond([detector.address], by(provider)), 'TooEarly', [BigInt(first)])
      await world.mined(stakes.write.requestUnbond([5n * USDC], as(provider)))
      const second = (await read(provider)).unbondAt
      assert.ok(second >= first + UNBONDING_DELAY - 1)
      await world.warp(second - 1)
      await rejectsWith(stakes.simulate.finishUnbond([detector.address], by(provider)), 'TooEarly', [BigInt(second)])

      await world.warp(second)
      const before = await usdc.read.balanceOf([detector.address])
      await world.mined(stakes.write.finishUnbond([detector.address], as(provider)))
      assert.equal(await usdc.read.balanceOf([detector.address]), before + 15n * USDC)
      const { active, unbonding, unbondAt } = await read(provider)
      assert.deepEqual([active, unbonding, unbondAt], [PROVIDER_STAKE - 15n * USDC, 0n, 0])
    })

    it('can be called off', async () => {
      const { stakes } = world
      await world.mined(stakes.write.requestUnbond([10n * USDC], as(provider)))
      await world.mined(stakes.write.cancelUnbond(as(provider)))
      const { active, unbonding, unbondAt } = await read(provider)
      assert.deepEqual([active, unbonding, unbondAt], [PROVIDER_STAKE, 0n, 0])
      await rejectsWith(stakes.simulate.cancelUnbond(by(provider)), 'NothingUnbonding', [6])
    })

    it('refuses nothing, more than there is, and strangers', async () => {
      const { stakes, stranger } = world
      const more = PROVIDER_STAKE + 1n
      await rejectsWith(stakes.simulate.requestUnbond([0n], by(provider)), 'ZeroAmount')
      await rejectsWith(stakes.simulate.requestUnbond([more], by(provider)), 'InsufficientStake', [
        PROVIDER_STAKE,
        more,
      ])
      await rejectsWith(stakes.simulate.finishUnbond([provider.address], by(provider)), 'NothingUnbonding', [6])
      await rejectsWith(stakes.simulate.requestUnbond([1n], by(stranger)), 'NotRegistered')
      await rejectsWith(stakes.simulate.finishUnbond([stranger.address], by(stranger)), 'NotRegistered')
      await rejectsWith(stakes.simulate.cancelUnbond(by(stranger)), 'NotRegistered')
    })
  })

  describe('the payout address', () => {
    it('changes after the delay, by anyone, and not before', async () => {
      const { stakes, detector, stranger } = world
      await world.mined(stakes.write.requestPayoutChange([detector.address], as(provider)))
      const [payout, effectiveAt] = await stakes.read.pendingPayout([6])
      assert.equal(payout, detector.address)
      await world.warp(effectiveAt - 1)
      const early = stakes.simulate.finishPayoutChange([provider.address], by(stranger))
      await rejectsWith(early, 'TooEarly', [BigInt(effectiveAt)])
      assert.equal(await stakes.read.payoutOf([6]), provider.address)
      await world.warp(effectiveAt)
      await world.mined(stakes.write.finishPayoutChange([provider.address], as(stranger)))
      assert.equal(await stakes.read.payoutOf([6]), detector.address)
      await rejectsWith(stakes.simulate.finishPayoutChange([provider.address]), 'NoPayoutChange', [6])
    })

    it('can veto its own replacement, as can the operator, and nobody else', async () => {
      const { stakes, detector, stranger, aggregator } = world
      await world.mined(stakes.write.register([detector.address, ROLE.provider, METADATA], as(stranger)))
      const cancel = [stranger.address] as const
      await world.mined(stakes.write.requestPayoutChange([aggregator.address], as(stranger)))
      await rejectsWith(stakes.simulate.cancelPayoutChange(cancel, by(aggregator)), 'NotAllowed', [aggregator.address])
      await world.mined(stakes.write.cancelPayoutChange(cancel, as(detector)))
      await rejectsWith(stakes.simulate.cancelPayoutChange(cancel, by(detector)), 'NoPayoutChange', [22])
      await world.mined(stakes.write.requestPayoutChange([aggregator.address], as(stranger)))
      await world.mined(stakes.write.cancelPayoutChange(cancel, as(stranger)))
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await rejectsWith(stakes.simulate.finishPayoutChange(cancel), 'NoPayoutChange', [22])
      assert.equal(await stakes.read.payoutOf([22]), detector.address)
    })

    it('starts its delay again when another is asked for', async () => {
      const { stakes, detector, aggregator } = world
      await world.mined(stakes.write.requestPayoutChange([detector.address], as(provider)))
      await world.warp((await world.now()) + UNBONDING_DELAY - 10)
      await world.mined(stakes.write.requestPayoutChange([aggregator.address], as(provider)))
      await world.warp((await world.now()) + 10)
      await rejectsWith(stakes.simulate.finishPayoutChange([provider.address]), 'TooEarly')
    })

    it('is never zero', async () => {
      const { stakes, stranger } = world
      await rejectsWith(stakes.simulate.requestPayoutChange([zeroAddress], by(provider)), 'ZeroPayout')
      await rejectsWith(stakes.simulate.requestPayoutChange([stranger.address], by(stranger)), 'NotRegistered')
    })
  })

  it('is slashed by the disputes contract only', async () => {
    const { stakes, stranger, deployer } = world
    for (const actor of [stranger, deployer, provider]) {
      await rejectsWith(stakes.simulate.slash([provider.address, 1n], by(actor)), 'NotAllowed', [actor.address])
    }
  })

  it('slashes what is leaving first, then what is not, and all there is at most', async () => {
    const { stakes, usdc, market, testUsdc } = world
    const disputes = { account: market.disputes, gas: 8_000_000n }
    await world.rpc('hardhat_impersonateAccount', market.disputes)
    await world.rpc('hardhat_setBalance', market.disputes, '0xde0b6b3a7640000')
    await world.mined(stakes.write.requestUnbond([10n * USDC], as(provider)))

    await world.mined(stakes.write.slash([provider.address, 4n * USDC], disputes))
    const one = await read(provider)
    assert.deepEqual([one.active, one.unbonding], [40n * USDC, 6n * USDC])
    assert.notEqual(one.unbondAt, 0)
    await world.mined(stakes.write.slash([provider.address, 16n * USDC], disputes))
    const two = await read(provider)
    assert.deepEqual([two.active, two.unbonding, two.unbondAt], [30n * USDC, 0n, 0])
    await world.mined(stakes.write.slash([provider.address, 2n ** 64n - 1n], disputes))
    assert.equal((await read(provider)).active, 0n)
    assert.equal(await usdc.read.balanceOf([market.disputes]), PROVIDER_STAKE)
    // Nothing left: still no revert, and no transfer, even if the token would refuse one.
    await world.mined(testUsdc.write.setPaused([true], as(provider)))
    await world.mined(stakes.write.slash([provider.address, 1n], disputes))
    const stranger = stakes.simulate.slash([world.stranger.address, 1n], { account: market.disputes })
    await rejectsWith(stranger, 'NotRegistered', [world.stranger.address])
  })
})
