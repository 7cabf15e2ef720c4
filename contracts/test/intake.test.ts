/** What a guardian can stop, for how long, and that nothing which lets money out is among it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { zeroAddress } from 'viem'

import { assertInReadme, outcomeOf, resultOf } from './support/behaviour-table.ts'
import { payDeposit } from './support/deposits.ts'
import { fundingArgs, signedFunding, skipsIn } from './support/fundings.ts'
import {
  ESCROW_INTAKE_ROWS,
  type EscrowIntake,
  GUARDIAN_ROWS,
  type GuardianAction,
  INTAKE_ROWS,
  INTAKE_STATES,
  type IntakeState,
  STAKES_INTAKE_ROWS,
} from './support/intake.ts'
import { ROOT, someTerms } from './support/messages.ts'
import { rejectsWith } from './support/rejects.ts'
import { signedDeposit, tabOf } from './support/tabs.ts'
import { eventsOf } from './support/told.ts'
import { DAY, USDC, type World, as, createActor, openWorld } from './support/world.ts'

const guardian = createActor('detector')
const MAX_STOP = 7 * DAY
const STOP_REST = 21 * DAY

describe('stopping intake', () => {
  let world: World
  let fresh: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    fresh = await world.snapshot()
  })
  beforeEach(() => fresh())
  after(() => world[Symbol.asyncDispose]())

  /** Either of the two contracts; both have the same functions for their guardian. */
  const guarded = (
    name: 'escrow' | 'stakes',
  ): Pick<World['escrow'], 'abi' | 'address' | 'read' | 'simulate' | 'write'> =>
    name === 'escrow' ? world.escrow : (world.stakes as unknown as World['escrow'])

  for (const name of ['escrow', 'stakes'] as const) {
    describe(`of the ${name} contract`, () => {
      for (const [position, state] of INTAKE_STATES.entries()) {
        describe(state, () => {
          beforeEach(() => bring(name, state))

          for (const row of GUARDIAN_ROWS) {
            const expected = resultOf(row, position, 'open')
            it(`${row.action} → ${expected}`, async () => {
              assert.equal(await outcomeOf(govern(name, row.action)), expected)
            })
          }
          for (const row of name === 'escrow' ? ESCROW_INTAKE_ROWS : STAKES_INTAKE_ROWS) {
            const expected = resultOf(row, position, 'open')
            it(`${row.action} → ${expected}`, async () => {
              assert.equal(await takeIn(row.action), expected)
            })
          }
        })
      }

      it('lapses by itself, to the second', async () => {
        const contract = guarded(name)
        await world.mined(contract.write.stopIntake(as(guardian)))
        const until = (await world.now()) + MAX_STOP
        assert.equal(await contract.read.intakeStoppedUntil(), until)
        await world.warp(until - 1)
        await rejectsWith(enter(name), 'IntakeClosed', [until])
        await world.warp(until)
        await enter(name)
      })

      it('ends at once when the guardian opens it', async () => {
        const contract = guarded(name)
        await world.mined(contract.write.stopIntake(as(guardian)))
        await world.mined(contract.write.resumeIntake(as(guardian)))
        assert.equal(await contract.read.intakeStoppedUntil(), await world.now())
        await enter(name)
      })

      it('cannot be repeated before the rest is over, to the second, opened early or not', async () => {
        for (const early of [false, true]) {
          await fresh()
          const contract = guarded(name)
          const by = { account: guardian.account }
          await world.mined(contract.write.stopIntake(as(guardian)))
          const rested = (await world.now()) + MAX_STOP + STOP_REST
          if (early) await world.mined(contract.write.resumeIntake(as(guardian)))
          assert.equal(await contract.read.guardianRestsUntil(), rested)
          await world.warp(rested - 1)
          await rejectsWith(contract.simulate.stopIntake(by), 'GuardianRests', [rested])
          await world.warp(rested)
          await contract.simulate.stopIntake(by)
        }
      })

      it('is told', async () => {
        const contract = guarded(name)
        const stopped = await world.mined(contract.write.stopIntake(as(guardian)))
        const until = (await world.now()) + MAX_STOP
        assert.deepEqual(eventsOf(contract, stopped), [['IntakeStopped', { until }]])
        const resumed = await world.mined(contract.write.resumeIntake(as(guardian)))
        assert.deepEqual(
          eventsOf(contract, resumed).map(([event]) => event),
          ['IntakeResumed'],
        )
      })

      it('is not for others, whoever they are', async () => {
        const contract = guarded(name)
        for (const { account, address } of [world.deployer, world.client, world.aggregator, world.stranger]) {
          await rejectsWith(contract.simulate.stopIntake({ account }), 'NotGuardian', [address])
          await rejectsWith(contract.simulate.resumeIntake({ account }), 'NotGuardian', [address])
        }
        assert.equal(await contract.read.GUARDIAN(), guardian.address)
        assert.equal(await contract.read.MAX_STOP(), MAX_STOP)
        assert.equal(await contract.read.STOP_REST(), STOP_REST)
      })

      it('does not stop the other contract', async () => {
        await world.mined(guarded(name).write.stopIntake(as(guardian)))
        await enter(name === 'escrow' ? 'stakes' : 'escrow')
      })
    })
  }

  it('is the table in the README', () => assertInReadme(INTAKE_STATES, INTAKE_ROWS))

  it('lets operators who are there already add stake, and quorums form', async () => {
    const { stakes, quorums, validators, stranger } = world
    await world.mined(stakes.write.stopIntake(as(guardian)))
    await world.mined(world.escrow.write.stopIntake(as(guardian)))
    const [first] = validators
    assert.ok(first)
    await stakes.simulate.stake([USDC], { account: first.account })
    const members = validators.map(({ address }) => address)
    await quorums.simulate.createQuorum([members, 3, 0], { account: stranger.account })
  })

  it('leaves money at a deposit address to its client, who may wait or take it', async () => {
    const { escrow, usdc, client, stranger } = world
    const terms = await someTerms(world)
    const before = await usdc.read.balanceOf([client.address])
    const account = await payDeposit(world, terms, terms.maxAmount)
    await world.mined(escrow.write.stopIntake(as(guardian)))
    const asked = escrow.simulate.sweepToClient([terms, usdc.address], { account: stranger.account })
    await rejectsWith(asked, 'DepositStillFundable', [terms.settleBy])
    await world.mined(escrow.write.sweepToClient([terms, usdc.address], as(client)))
    assert.deepEqual([await usdc.read.balanceOf([client.address]), await usdc.read.balanceOf([account])], [before, 0n])
  })

  async function bring(name: 'escrow' | 'stakes', state: IntakeState): Promise<void> {
    const contract = guarded(name)
    if (state === 'never stopped') return
    await world.mined(contract.write.stopIntake(as(guardian)))
    if (state === 'opened by the guardian') await world.mined(contract.write.resumeIntake(as(guardian)))
    if (state === 'open again by itself') await world.warp(await contract.read.intakeStoppedUntil())
    if (state === 'rest over') await world.warp(await contract.read.guardianRestsUntil())
  }

  async function govern(name: 'escrow' | 'stakes', action: GuardianAction): Promise<unknown> {
    const contract = guarded(name)
    switch (action) {
      case 'stopIntake by the guardian':
        return contract.simulate.stopIntake({ account: guardian.account })
      case 'stopIntake by anyone else':
        return contract.simulate.stopIntake({ account: world.stranger.account })
      case 'resumeIntake by the guardian':
        return contract.simulate.resumeIntake({ account: guardian.account })
      case 'resumeIntake by anyone else':
        return contract.simulate.resumeIntake({ account: world.stranger.account })
    }
  }

  /** The plainest way in. */
  async function enter(name: 'escrow' | 'stakes'): Promise<unknown> {
    if (name === 'stakes') return register()
    return world.escrow.simulate.fund([await someTerms(world)], { account: world.client.account })
  }

  function register(): Promise<unknown> {
    return world.stakes.simulate.register([world.stranger.address, 1, ROOT], { account: world.stranger.account })
  }

  async function takeIn(action: EscrowIntake | 'Stakes.register'): Promise<string> {
    if (action !== 'fundMany') return outcomeOf(simulate(action))
    const funding = await signedFunding(world, await someTerms(world))
    const receipt = await world.mined(world.escrow.write.fundMany([[funding]], as(world.stranger)))
    const [skip] = skipsIn(receipt)
    return skip === undefined ? 'ok' : `skips: ${skip[1]}`
  }

  async function simulate(action: Exclude<EscrowIntake, 'fundMany'> | 'Stakes.register'): Promise<unknown> {
    const { escrow, client, stranger } = world
    const from = { account: stranger.account }
    const terms = await someTerms(world)
    switch (action) {
      case 'fund':
        return escrow.simulate.fund([terms], { account: client.account })
      case 'fundWithAuthorization':
        return escrow.simulate.fundWithAuthorization(fundingArgs(await signedFunding(world, terms)), from)
      case 'fundFromDepositAddress':
        await payDeposit(world, terms, terms.maxAmount)
        return escrow.simulate.fundFromDepositAddress([terms], from)
      case 'topUpTab':
        return escrow.simulate.topUpTab([...tabOf(world), 1n], from)
      case 'topUpTabWithAuthorization':
        return escrow.simulate.topUpTabWithAuthorization(await signedDeposit(world), from)
      case 'Stakes.register':
        return register()
    }
  }
})

describe('a market without a guardian', () => {
  it('cannot be stopped by anyone', async () => {
    await using world = await openWorld()
    for (const contract of [world.escrow, world.stakes]) {
      assert.equal(await contract.read.GUARDIAN(), zeroAddress)
      for (const { account, address } of [world.deployer, world.stranger, world.aggregator]) {
        await rejectsWith(contract.simulate.stopIntake({ account }), 'NotGuardian', [address])
        await rejectsWith(contract.simulate.resumeIntake({ account }), 'NotGuardian', [address])
      }
    }
  })
})
