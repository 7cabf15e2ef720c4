/** A token that pauses, blacklists, refuses, keeps a part or calls back, and what of it reaches verdicts and stakes. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'

import { type Abi, type Address, type Hex, encodeFunctionData, keccak256, parseAbi, toHex } from 'viem'

import { disputesAbi } from '../../packages/chain/src/abi/disputes.ts'
import { stakesAbi } from '../../packages/chain/src/abi/stakes.ts'
import { HAZARDS, HAZARD_CALLS, type Hazard, type HazardCall, renderHazardTable } from './support/hazard-table.ts'
import { type Bench, createBench } from './support/ladder.ts'
import { signAll } from './support/messages.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { someClaim, tryClaim } from './support/proofs.ts'
import { rejectsWith } from './support/rejects.ts'
import { withoutPadding } from './support/render-grid.ts'
import { revertName } from './support/revert-name.ts'
import {
  EVIDENCE,
  appeal,
  approveBonds,
  assertSolvent,
  finalize,
  rule,
  rulingArgs,
  rulingDigest,
  someVerdict,
  submitVerdict,
  verdictArgs,
  verdictIdOf,
  warpToClose,
} from './support/verdicts.ts'
import { type Actor, PROVIDER_STAKE, UNBONDING_DELAY, USDC, type World, as, openWorld } from './support/world.ts'

const METADATA = keccak256(toHex('metadata'))

/** Verdicts in every state that a transfer may wait in, all of one order. */
interface Docket {
  readonly order: FundedOrder
  readonly court: Bench
  readonly high: Bench
  readonly fresh: Hex
  readonly appealed: Hex
  readonly guilty: Hex
  readonly innocent: Hex
  readonly silent: Hex
}

async function openDocket(world: World): Promise<Docket> {
  const highest = await createBench(world, world.validators, 0)
  const high = await createBench(world, world.validators.slice(0, 4), highest.quorumId)
  const court = await createBench(world, world.validators.slice(0, 3), high.quorumId)
  const order = await fundedOrder(world, { quorumId: court.quorumId })
  await approveBonds(world, [world.stranger])
  const judge = (i: number) =>
    submitVerdict(world, order, { accused: (world.providers[i] as Actor).address, shard: i }, court)
  const over = await judge(5)
  const guilty = await judge(0)
  const innocent = await judge(1)
  const silent = await judge(2)
  for (const id of [innocent, silent]) {
    await appeal(world, id, world.stranger)
    await rule(world, id, false, high)
  }
  await appeal(world, silent, world.stranger)
  await world.mined(world.stakes.write.requestUnbond([USDC], as(world.providers[6] as Actor)))
  // Recorded just before the appeal windows of the others end, so that these two stay open.
  await warpToClose(world, guilty)
  const fresh = await judge(3)
  const appealed = await judge(4)
  await appeal(world, appealed, world.stranger)
  await warpToClose(world, silent)
  await finalize(world, over)
  return { order, court, high, fresh, appealed, guilty, innocent, silent }
}

describe('what the token can stop', () => {
  for (const [position, hazard] of HAZARDS.entries()) {
    describe(hazard, () => {
      let world: World
      let docket: Docket
      let resetState: () => Promise<void>
      before(async () => {
        world = await openWorld(hazard.startsWith('transfers refused') ? { tokenName: 'FalseUsdc' } : {})
        docket = await openDocket(world)
        await afflict(world, hazard, true)
        resetState = await world.snapshot()
      })
      afterEach(() => resetState())
      after(() => world[Symbol.asyncDispose]())

      for (const [call, results] of Object.entries(HAZARD_CALLS)) {
        const expected = results[position] as string
        it(`${call} → ${expected}`, async () => {
          if (call.startsWith('finishUnbond')) await world.warp((await world.now()) + UNBONDING_DELAY)
          const attempt = await prepare(world, docket, call as HazardCall)
          assert.equal(await revertName(attempt()), expected)
          // Refused, nothing is lost: it works once the token does again.
          await afflict(world, hazard, false)
          await attempt()
        })
      }
    })
  }

  it('is the table in the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    assert.ok(withoutPadding(readme).includes(`\n\n${renderHazardTable()}\n\n`), renderHazardTable())
  })
})

async function afflict(world: World, hazard: Hazard, on: boolean): Promise<void> {
  const { testUsdc, deployer, client, detector, stranger, providers, market } = world
  if (hazard === 'paused') await world.mined(testUsdc.write.setPaused([on], as(deployer)))
  if (hazard.startsWith('transfers refused')) {
    const abi = parseAbi(['function setRefused(address account, bool on)'])
    const args = ['0x0000000000000000000000000000000000000000', on] as const
    const data = encodeFunctionData({ abi, functionName: 'setRefused', args })
    const { account } = deployer
    await world.mined(world.walletClient.sendTransaction({ account, to: world.usdc.address, data }))
  }
  const listed: Partial<Record<Hazard, readonly Address[]>> = {
    'parties blacklisted': [client, detector, stranger, ...providers].map(({ address }) => address),
    'disputes blacklisted': [market.disputes],
    'stakes blacklisted': [market.stakes],
  }
  for (const address of listed[hazard] ?? []) {
    await world.mined(testUsdc.write.setBlacklisted([address, on], as(deployer)))
  }
}

/** A call of the table, to be tried. */
async function prepare(world: World, docket: Docket, call: HazardCall): Promise<() => Promise<unknown>> {
  const { disputes, stakes, stranger, detector, deployer } = world
  const { order, court, high, fresh, appealed, guilty, innocent, silent } = docket
  const by = ({ account }: Actor) => ({ account })
  const leaver = world.providers[6] as Actor
  switch (call) {
    case 'submitVerdict': {
      const accused = (world.providers[7] as Actor).address
      const args = await verdictArgs(world, order, someVerdict(world, order, { accused }), court)
      return () => disputes.simulate.submitVerdict(args, by(stranger))
    }
    case 'appeal':
      return () => disputes.simulate.appeal([fresh], by(stranger))
    case 'submitRuling': {
      const args = await rulingArgs(world, appealed, true, high)
      return () => disputes.simulate.submitRuling(args, by(stranger))
    }
    case 'finalizeVerdict, guilty':
      return () => disputes.simulate.finalizeVerdict([guilty], by(stranger))
    case 'finalizeVerdict, innocent':
      return () => disputes.simulate.finalizeVerdict([innocent], by(stranger))
    case 'finalizeVerdict, innocent by a silent bench':
      return () => disputes.simulate.finalizeVerdict([silent], by(stranger))
    case 'a proof': {
      const claim = await someClaim(world, 'equivocation', order, world.providers[8])
      return () => tryClaim(world, claim)
    }
    case 'withdrawCredit to itself':
      return () => disputes.simulate.withdrawCredit([detector.address], by(detector))
    case 'withdrawCredit to another':
      return () => disputes.simulate.withdrawCredit([deployer.address], by(detector))
    case 'stake':
      return () => stakes.simulate.stake([1n], by(leaver))
    case 'requestUnbond':
      return () => stakes.simulate.requestUnbond([1n], by(leaver))
    case 'finishUnbond to itself':
      return () => stakes.simulate.finishUnbond([leaver.address], by(leaver))
    case 'finishUnbond to another':
      return () => stakes.simulate.finishUnbond([deployer.address], by(leaver))
  }
}

describe('a token that keeps part of every transfer', () => {
  it('leaves shares that are all there: only what came is shared out', async () => {
    await using world = await openWorld({ tokenName: 'FeeUsdc', dailySlashCap: 6n * USDC })
    const { disputes, stakes, oddToken, detector, client, deployer } = world
    const order = await fundedOrder(world)
    const id = await submitVerdict(world, order)
    await world.mined(oddToken.write.setFee([USDC], as(deployer)))
    await warpToClose(world, id)
    await finalize(world, id)
    assert.equal(await disputes.read.credit([detector.address]), 2n * USDC)
    assert.equal(await disputes.read.credit([client.address]), USDC / 2n)
    assert.equal(await disputes.read.fundBalance(), (5n * USDC) / 2n)
    await assertSolvent(world)
    // The stake lost all of it, the cap counts it, and the verdict is not over for lack of stake.
    const { active, holds } = await stakes.read.exposure([(world.providers[0] as Actor).address])
    assert.deepEqual([active, holds], [PROVIDER_STAKE - 6n * USDC, 1])
    assert.equal(await disputes.read.leftToday([1]), 0n)
  })

  it('cannot be staked', async () => {
    await using world = await openWorld({ tokenName: 'FeeUsdc' })
    const provider = world.providers[0] as Actor
    await world.mined(world.oddToken.write.setFee([1n], as(world.deployer)))
    const call = world.stakes.simulate.stake([10n], { account: provider.account })
    await rejectsWith(call, 'ShortTransfer', [9n, 10n])
  })
})

describe('a token that calls back in the middle of a transfer', () => {
  let world: World
  let docket: Docket
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ tokenName: 'ReenteringUsdc' })
    docket = await openDocket(world)
    reset = await world.snapshot()
  })
  afterEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const hook = (to: Address, abi: Abi, functionName: string, args: readonly unknown[]) =>
    world.mined(world.oddToken.write.setHook([to, encodeFunctionData({ abi, functionName, args })], as(world.deployer)))

  const OUTER = ['appeal', 'finalizeVerdict, guilty', 'a proof', 'withdrawCredit to itself'] as const
  for (const outer of OUTER) {
    for (const inner of ['appeal', 'finalizeVerdict', 'proveEquivocation', 'withdrawCredit'] as const) {
      it(`cannot enter disputes again: ${inner} in ${outer}`, async () => {
        const { proof, terms } = await equivocationArgs()
        const args = {
          appeal: [docket.fresh],
          finalizeVerdict: [docket.innocent],
          proveEquivocation: [proof, terms, world.detector.address],
          withdrawCredit: [world.detector.address],
        }[inner]
        await hook(world.market.disputes, disputesAbi, inner, args)
        const attempt = await prepare(world, docket, outer)
        assert.equal(await revertName(attempt()), 'ReentrancyGuardReentrantCall')
      })
    }
  }

  async function equivocationArgs() {
    const accused = world.providers[9] as Actor
    const { first, second } = await someClaim(world, 'equivocation', docket.order, accused)
    return { proof: { shard: 3, attempt: 0, provider: accused.address, first, second }, terms: docket.order.terms }
  }

  for (const outer of ['stake', 'finishUnbond to itself', 'finalizeVerdict, guilty'] as const) {
    for (const inner of ['stake', 'finishUnbond'] as const) {
      it(`cannot enter stakes again: ${inner} in ${outer}`, async () => {
        await hook(world.market.stakes, stakesAbi, inner, [inner === 'stake' ? 1n : world.stranger.address])
        if (outer.startsWith('finishUnbond')) await world.warp((await world.now()) + UNBONDING_DELAY)
        const attempt = await prepare(world, docket, outer)
        assert.equal(await revertName(attempt()), 'ReentrancyGuardReentrantCall')
      })
    }
  }

  it('may record a verdict while another is carried out: both are whole', async () => {
    const { order, court, guilty } = docket
    const more = someVerdict(world, order, { shard: 99 })
    await hook(world.market.disputes, disputesAbi, 'submitVerdict', await verdictArgs(world, order, more, court))
    await finalize(world, guilty)
    assert.equal((await world.disputes.read.verdictOf([guilty])).status, 3)
    assert.equal((await world.disputes.read.verdictOf([verdictIdOf(more)])).status, 1)
    const { holds, claimed } = await world.stakes.read.exposure([more.accused])
    assert.deepEqual([holds, claimed], [1, more.slash])
    await assertSolvent(world, 2_500_000n + 5n * USDC)
  })

  it('may bring a ruling while its own bond is paid: the bond is there, and closed once', async () => {
    const { fresh, high } = docket
    const ruling = { verdictId: fresh, round: 1, guilty: false, evidence: EVIDENCE }
    const args = [fresh, false, EVIDENCE, await signAll(rulingDigest(world, ruling), high.signers)]
    await hook(world.market.disputes, disputesAbi, 'submitRuling', args)
    const before = await world.disputes.read.credit([world.stranger.address])
    await appeal(world, fresh, world.stranger)
    const { status, guilty, bond } = await world.disputes.read.verdictOf([fresh])
    assert.deepEqual([status, guilty, bond], [1, false, 0n])
    assert.equal((await world.disputes.read.credit([world.stranger.address])) - before, 2_500_000n)
    await assertSolvent(world, 2_500_000n + 5n * USDC)
  })

  it('may register an operator meanwhile, which touches nobody else', async () => {
    await hook(world.market.stakes, stakesAbi, 'register', [world.stranger.address, 1, METADATA])
    await finalize(world, docket.guilty)
    assert.notEqual(await world.stakes.read.indexOf([world.usdc.address]), 0)
    assert.equal((await world.stakes.read.operator([(world.providers[0] as Actor).address])).active, 40n * USDC)
  })
})
