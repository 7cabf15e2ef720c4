/** The issuer can change the token. Whatever it becomes, nobody is credited with money that did not come. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { encodeFunctionData, getAddress } from 'viem'

import { outcomeOf } from './support/behaviour-table.ts'
import { payDeposit } from './support/deposits.ts'
import { skipsIn } from './support/fundings.ts'
import { someTerms } from './support/messages.ts'
import { type Call, ESCROW_BOOKINGS, ESCROW_MOVERS, type Kind, type Mover, STAKES_MOVERS } from './support/movers.ts'
import { rejectsWith } from './support/rejects.ts'
import { type Scene, setScene } from './support/departures.ts'
import { USDC, type World, as, openWorld } from './support/world.ts'

const MOVERS = [...ESCROW_MOVERS, ...STAKES_MOVERS]
const REENTERED = 'ReentrancyGuardReentrantCall'
/** What each kind of call ends with. */
const EXPECTED: Record<'FeeUsdc' | 'FalseUsdc' | 'ReenteringUsdc', Record<Kind, string>> = {
  // It keeps a unit of every transfer: nothing can be paid in, and who is paid gets less.
  FeeUsdc: {
    pull: 'ShortTransfer',
    'pull by authorization': 'ShortTransfer',
    'pull by many': 'skips: ShortTransfer',
    'pull by deposit': 'ShortTransfer',
    push: 'paid',
    withdrawal: 'ok',
  },
  // It answers false, or does nothing, instead of reverting.
  FalseUsdc: {
    pull: 'SafeERC20FailedOperation',
    'pull by authorization': 'ShortTransfer',
    'pull by many': 'skips: ShortTransfer',
    'pull by deposit': 'SafeERC20FailedOperation',
    push: 'credited',
    withdrawal: 'SafeERC20FailedOperation',
  },
  // It calls the same function again in the middle of the transfer.
  ReenteringUsdc: {
    pull: REENTERED,
    'pull by authorization': REENTERED,
    'pull by many': `skips: ${REENTERED}`,
    'pull by deposit': REENTERED,
    push: 'credited',
    withdrawal: REENTERED,
  },
}

for (const tokenName of ['FeeUsdc', 'FalseUsdc', 'ReenteringUsdc'] as const) {
  describe(`with ${tokenName}`, () => {
    let world: World
    let scene: Scene
    let reset: () => Promise<void>
    before(async () => {
      world = await openWorld({ tokenName })
      scene = await setScene(world)
      if (tokenName === 'FeeUsdc') await world.mined(world.oddToken.write.setFee([1n], as(world.deployer)))
      if (tokenName === 'FalseUsdc') await refuse(world, '0x0000000000000000000000000000000000000000')
      reset = await world.snapshot()
    })
    beforeEach(() => reset())
    after(() => world[Symbol.asyncDispose]())

    for (const mover of MOVERS) {
      const expected = EXPECTED[tokenName][mover.kind]
      it(`${mover.name} → ${expected}`, async () => {
        const call = await mover.prepare(world, scene)
        if (tokenName === 'ReenteringUsdc') await reenter(world, call)
        const before = await booksOf(world)
        assert.equal(await outcome(world, mover.kind, call), expected)
        if (mover.kind.startsWith('pull')) assert.deepEqual(await booksOf(world), before)
      })
    }
  })
}

/** What is owed and what is there. */
async function booksOf({ usdc, escrow, stakes, client, aggregator }: World) {
  return Promise.all([
    usdc.read.balanceOf([escrow.address]),
    usdc.read.balanceOf([stakes.address]),
    usdc.read.balanceOf([client.address]),
    escrow.read.tab([client.address, aggregator.address]),
  ])
}

describe('with a token that calls back, no function of the escrow', () => {
  let world: World
  let scene: Scene
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ tokenName: 'ReenteringUsdc' })
    scene = await setScene(world)
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  for (const inner of [...ESCROW_MOVERS, ...ESCROW_BOOKINGS]) {
    it(`can be entered in the middle of another: ${inner.name}`, async () => {
      await reenter(world, await inner.prepare(world, scene))
      for (const outer of ESCROW_MOVERS) {
        const start = await world.snapshot()
        const call = await outer.prepare(world, scene)
        assert.equal(await outcome(world, outer.kind, call), EXPECTED.ReenteringUsdc[outer.kind], outer.name)
        await start()
      }
    })
  }

  it('but startTabExit, which pays nothing and knows its caller', async () => {
    const { escrow, usdc, aggregator, client } = world
    const token = getAddress(usdc.address)
    const by = client
    const args = [aggregator.address, 1n]
    await reenter(world, { address: escrow.address, abi: escrow.abi, functionName: 'startTabExit', args, by })
    const call = escrow.simulate.fund([await someTerms(world)], { account: client.account })
    await rejectsWith(call, 'TabOverdraw', [token, 0n, 1n])
  })
})

describe('with a token that refuses one account without reverting', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ tokenName: 'FalseUsdc' })
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  it('funds from a deposit address, and leaves the surplus of a refused client there', async () => {
    const { escrow, usdc, client, stranger } = world
    const terms = await someTerms(world)
    const account = await payDeposit(world, terms, terms.maxAmount + 7n)
    await refuse(world, client.address)
    await world.mined(escrow.write.fundFromDepositAddress([terms], as(stranger)))
    assert.equal(await usdc.read.balanceOf([account]), 7n)
    const sweep = escrow.simulate.sweepToClient([terms, usdc.address], { account: stranger.account })
    await rejectsWith(sweep, 'SafeERC20FailedOperation')
  })

  it('funds nothing from a refused deposit address', async () => {
    const { escrow, stranger } = world
    const terms = await someTerms(world)
    const account = await payDeposit(world, terms, terms.maxAmount)
    await refuse(world, account)
    const fund = escrow.simulate.fundFromDepositAddress([terms], { account: stranger.account })
    await rejectsWith(fund, 'SafeERC20FailedOperation')
  })

  it('credits a refused client with a refund, once', async () => {
    const { escrow, client, stranger } = world
    const terms = await someTerms(world)
    await world.mined(escrow.write.fund([terms], as(client)))
    await refuse(world, client.address)
    await world.warp(terms.refundAt)
    await world.mined(escrow.write.refund([terms], as(stranger)))
    assert.equal(await escrow.read.credit([client.address]), terms.maxAmount)
    await rejectsWith(escrow.simulate.refund([terms]), 'OrderClosed')
    await world.mined(escrow.write.withdrawCredit([stranger.address], as(client)))
    assert.equal(await world.usdc.read.balanceOf([stranger.address]), 10_000n * USDC + terms.maxAmount)
  })
})

async function refuse(world: World, account: `0x${string}`): Promise<void> {
  await world.mined(world.oddToken.write.setRefused([account, true], as(world.deployer)))
}

/** Every transfer makes this call from now on. */
async function reenter(world: World, { address, abi, functionName, args }: Call): Promise<void> {
  const data = encodeFunctionData({ abi, functionName, args })
  await world.mined(world.oddToken.write.setHook([address, data], as(world.stranger)))
}

async function outcome(world: World, kind: Mover['kind'], { by, ...call }: Call): Promise<string> {
  if (kind !== 'push' && kind !== 'pull by many')
    return outcomeOf(world.publicClient.simulateContract({ ...call, account: by.account }))
  const creditBefore = await world.escrow.read.credit([world.client.address])
  const receipt = await world.mined(world.walletClient.writeContract({ ...call, ...as(by) }))
  if (kind === 'push')
    return (await world.escrow.read.credit([world.client.address])) > creditBefore ? 'credited' : 'paid'
  const [skip] = skipsIn(receipt)
  return skip === undefined ? 'ok' : `skips: ${skip[1]}`
}
