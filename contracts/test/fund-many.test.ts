/** Many orders in one call: a bad one is skipped with its reason, and cannot hold up or overcharge the others. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { encodeFunctionData, getAddress, parseAbi, zeroAddress } from 'viem'

import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import { type Funding, signedFunding, skipsIn } from './support/fundings.ts'
import { FAR_FUTURE, type Terms, orderIdOf, signAuthorization, someTerms } from './support/messages.ts'
import { fundedOrder } from './support/orders.ts'
import { rejectsWith } from './support/rejects.ts'
import { eventsOf } from './support/told.ts'
import { DAY, USDC, type World, as, createActor, openWorld } from './support/world.ts'

const FUND_GAS = 300_000n
const guardian = createActor('detector')
/** What `HostileWallet` does when it is asked for a signature. */
const HARM = { burnsAllGas: 0, answersHugely: 1, revertsHugely: 2, saysYes: 3 } as const

describe('funding many orders at once', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld({ guardian: guardian.address })
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const good = async (changes: Partial<Terms> = {}) => signedFunding(world, await someTerms(world, changes))
  const fundMany = (fundings: Funding[]) => world.mined(world.escrow.write.fundMany([fundings], as(world.stranger)))
  const statusOf = async (terms: Terms) => (await world.escrow.read.order([orderIdOf(world, terms)])).status
  const held = () => world.usdc.read.balanceOf([world.escrow.address])

  it('takes each amount from its client and remembers each order', async () => {
    const { escrow, usdc, client, stranger } = world
    const before = await usdc.read.balanceOf([client.address])
    const theirs = await someTerms(world, { client: stranger.address, maxAmount: 5n })
    const fundings = [await good(), await good({ maxAmount: 1n }), await signedFunding(world, theirs, stranger)]
    const { result } = await escrow.simulate.fundMany([fundings], { account: stranger.account })
    assert.equal(result, 3n)
    const receipt = await fundMany(fundings)

    assert.deepEqual(
      eventsOf(escrow, receipt),
      fundings.map(({ terms }) => [
        'OrderFunded',
        { orderId: orderIdOf(world, terms), client: terms.client, aggregator: terms.aggregator, terms },
      ]),
    )
    for (const { terms } of fundings) assert.equal(await statusOf(terms), 1)
    assert.equal(await held(), 10n * USDC + 6n)
    assert.equal(await usdc.read.balanceOf([client.address]), before - 10n * USDC - 1n)
  })

  it('does nothing for nothing', async () => {
    const { result } = await world.escrow.simulate.fundMany([[]])
    assert.equal(result, 0n)
  })

  describe('goes on past one that', () => {
    const cases: [string, () => Promise<{ bad: Funding; reason: string; args?: readonly unknown[] }>][] = [
      [
        'is funded already',
        async () => {
          const { terms, id } = await fundedOrder(world)
          return { bad: await signedFunding(world, terms), reason: 'OrderExists', args: [id] }
        },
      ],
      [
        'was refunded',
        async () => {
          const { terms, id } = await fundedOrder(world, { settleBy: (await world.now()) + 1000 })
          await world.warp(terms.refundAt)
          await world.mined(world.escrow.write.refund([terms], as(world.stranger)))
          return { bad: await signedFunding(world, terms), reason: 'OrderExists', args: [id] }
        },
      ],
      [
        'has a cancelled authorization',
        async () => {
          const bad = await good()
          await cancel(world, orderIdOf(world, bad.terms))
          return { bad, reason: 'FiatTokenV2: authorization is used or canceled' }
        },
      ],
      [
        'has an expired authorization',
        async () => {
          const terms = await someTerms(world)
          const validBefore = BigInt(await world.now())
          const pay = { from: world.client, to: world.escrow.address, value: terms.maxAmount, validBefore }
          const signature = await signAuthorization(world, { ...pay, nonce: orderIdOf(world, terms) })
          const bad = { terms, validAfter: 0n, validBefore, signature }
          return { bad, reason: 'FiatTokenV2: authorization is expired' }
        },
      ],
      [
        'has an authorization to come',
        async () => {
          const terms = await someTerms(world)
          const validAfter = BigInt(await world.now()) + 1000n
          const pay = { from: world.client, to: world.escrow.address, value: terms.maxAmount, validAfter }
          const signature = await signAuthorization(world, { ...pay, nonce: orderIdOf(world, terms) })
          const bad = { terms, validAfter, validBefore: FAR_FUTURE, signature }
          return { bad, reason: 'FiatTokenV2: authorization is not yet valid' }
        },
      ],
      [
        'was signed by somebody else',
        async () => ({
          bad: await signedFunding(world, await someTerms(world), world.stranger),
          reason: 'FiatTokenV2: invalid signature',
        }),
      ],
      [
        'has no signature',
        async () => ({ bad: { ...(await good()), signature: '0x' }, reason: 'FiatTokenV2: invalid signature' }),
      ],
      [
        'was changed after it was signed',
        async () => {
          const signed = await good()
          const bad = { ...signed, terms: { ...signed.terms, aggregator: world.stranger.address } }
          return { bad, reason: 'FiatTokenV2: invalid signature' }
        },
      ],
      [
        'has no money',
        async () => {
          const maxAmount = (await world.usdc.read.balanceOf([world.client.address])) + 1n
          return { bad: await good({ maxAmount }), reason: 'ERC20: transfer amount exceeds balance' }
        },
      ],
      [
        'is of a blacklisted client',
        async () => {
          const poor = createActor('blacklisted client')
          await world.mined(world.testUsdc.write.mint([poor.address, 20n * USDC], as(world.stranger)))
          await world.mined(world.testUsdc.write.setBlacklisted([poor.address, true], as(world.stranger)))
          const terms = await someTerms(world, { client: poor.address })
          return { bad: await signedFunding(world, terms, poor), reason: 'Blacklistable: account is blacklisted' }
        },
      ],
      ['is of nothing', async () => ({ bad: await good({ maxAmount: 0n }), reason: 'ZeroAmount' })],
      ['is of nobody', async () => ({ bad: await good({ client: zeroAddress }), reason: 'ZeroClient' })],
      ['is for nobody', async () => ({ bad: await good({ aggregator: zeroAddress }), reason: 'ZeroAggregator' })],
      [
        'allows too high a fee',
        async () => ({ bad: await good({ feeBps: 501 }), reason: 'FeeBpsOverCap', args: [501, 500] }),
      ],
      [
        'is too late',
        async () => {
          const settleBy = await world.now()
          return { bad: await good({ settleBy }), reason: 'TooLate', args: [BigInt(settleBy)] }
        },
      ],
      [
        'is refunded before it is settled',
        async () => {
          const refundAt = (await world.now()) + DAY - 1
          return { bad: await good({ refundAt }), reason: 'RefundBeforeSettle' }
        },
      ],
      [
        'keeps money too long',
        async () => ({ bad: await good({ refundAt: (await world.now()) + 8 * DAY }), reason: 'RefundTooLate' }),
      ],
      [
        'names a quorum to come',
        async () => ({ bad: await good({ quorumId: 2 }), reason: 'QuorumUnknown', args: [2] }),
      ],
      [
        'is of a wallet that says yes but has no money',
        async () => ({ bad: await ofWallet('saysYes', 0n), reason: 'ERC20: transfer amount exceeds balance' }),
      ],
    ]
    for (const [name, prepare] of cases) {
      it(name, async () => {
        const { bad, reason, args } = await prepare()
        const statusBefore = await statusOf(bad.terms)
        const heldBefore = await held()
        const others = [await good(), await good()] as const
        const { result } = await world.escrow.simulate.fundMany([[others[0], bad, others[1]]])
        assert.equal(result, 2n)
        const [skip, ...more] = skipsIn(await fundMany([others[0], bad, others[1]]))

        assert.deepEqual(skip?.slice(0, 2), [orderIdOf(world, bad.terms), reason])
        if (args !== undefined) assert.deepEqual(skip?.[2], args)
        assert.deepEqual(more, [])
        assert.equal(await statusOf(bad.terms), statusBefore)
        for (const { terms } of others) assert.equal(await statusOf(terms), 1)
        assert.equal(await held(), heldBefore + 20n * USDC)
      })
    }

    it('comes a second time in the same call', async () => {
      const one = await good()
      assert.deepEqual(skipsIn(await fundMany([one, one])), [
        [orderIdOf(world, one.terms), 'OrderExists', [orderIdOf(world, one.terms)]],
      ])
      assert.equal(await held(), one.terms.maxAmount)
    })

    it('takes the last of the money: the next finds none', async () => {
      const all = await world.usdc.read.balanceOf([world.client.address])
      const [first, second] = [await good({ maxAmount: all }), await good({ maxAmount: 1n })]
      assert.deepEqual(skipsIn(await fundMany([first, second]))[0]?.[1], 'ERC20: transfer amount exceeds balance')
      assert.equal(await held(), all)
    })
  })

  it('skips all of them while intake is stopped or the token is paused, and fails for none', async () => {
    const fundings = [await good(), await good()]
    const unpause = await world.snapshot()
    await world.mined(world.testUsdc.write.setPaused([true], as(world.deployer)))
    const paused = skipsIn(await fundMany(fundings))
    await unpause()
    await world.mined(world.escrow.write.stopIntake(as(guardian)))
    const stopped = skipsIn(await fundMany(fundings))
    const until = await world.escrow.read.intakeStoppedUntil()
    for (const [i, { terms }] of fundings.entries()) {
      assert.deepEqual(paused[i]?.slice(0, 2), [orderIdOf(world, terms), 'Pausable: paused'])
      assert.deepEqual(stopped[i], [orderIdOf(world, terms), 'IntakeClosed', [until]])
    }
    assert.equal(await held(), 0n)
  })

  it('takes a contract wallet that signs, beside ordinary accounts', async () => {
    const { address } = await world.connection.viem.deployContract('TestWallet', [world.client.address])
    const wallet = getAddress(address)
    await world.mined(world.testUsdc.write.mint([wallet, 10n * USDC], as(world.stranger)))
    const terms = await someTerms(world, { client: wallet })
    const receipt = await fundMany([await good(), await signedFunding(world, terms)])
    assert.deepEqual(skipsIn(receipt), [])
    assert.equal(await statusOf(terms), 1)
  })

  describe('is not held up by a wallet that', () => {
    for (const harm of ['burnsAllGas', 'answersHugely', 'revertsHugely'] as const) {
      it(`${harm}: it costs at most FUND_GAS and a little`, async () => {
        assert.equal(await world.escrow.read.FUND_GAS(), FUND_GAS)
        const others = [await good(), await good()] as const
        const hostile = await ofWallet(harm)
        const back = await world.snapshot()
        const { gasUsed: without } = await fundMany([...others])
        await back()
        const receipt = await fundMany([others[0], hostile, others[1]])

        assert.ok(receipt.gasUsed - without <= FUND_GAS + 25_000n, `${receipt.gasUsed - without}`)
        const [[id, reason] = []] = skipsIn(receipt)
        assert.equal(id, orderIdOf(world, hostile.terms))
        assert.match(String(reason), /invalid signature|no reason/)
        for (const { terms } of others) assert.equal(await statusOf(terms), 1)
        assert.equal(await held(), 20n * USDC)
      })
    }

    it('is one of many: each costs as much, and the good ones behind them are funded', async () => {
      const hostile = [await ofWallet('burnsAllGas'), await ofWallet('burnsAllGas'), await ofWallet('revertsHugely')]
      const last = await good()
      const receipt = await fundMany([...hostile, last])
      assert.ok(receipt.gasUsed <= 3n * (FUND_GAS + 25_000n) + 200_000n, `${receipt.gasUsed}`)
      assert.deepEqual([skipsIn(receipt).length, await statusOf(last.terms)], [3, 1])
    })
  })

  it('cannot be made to skip a good one by giving it too little gas: then all of it fails', async () => {
    const fundings = [await good(), await good()]
    const needed = (await fundMany(fundings)).gasUsed
    await reset()
    const start = await world.snapshot()
    let passed = 0
    for (let gas = needed - 120_000n; gas <= needed + 20_000n; gas += 2_500n) {
      const options = { account: world.stranger.account, gas }
      const hash = await world.escrow.write.fundMany([fundings], options).catch(() => undefined)
      if (hash === undefined) continue
      const receipt = await world.publicClient.getTransactionReceipt({ hash })
      if (receipt.status !== 'success') continue
      assert.deepEqual(skipsIn(receipt), [], `with ${gas} gas`)
      passed += 1
      await start()
    }
    assert.ok(passed > 0)
  })

  it('leaves its inner call to the escrow itself', async () => {
    const { escrow, stranger, client } = world
    const funding = await good()
    for (const { account, address } of [stranger, client])
      await rejectsWith(escrow.simulate.fundOne([funding], { account }), 'NotSelf', [address])
  })

  async function ofWallet(harm: keyof typeof HARM, money = 20n * USDC): Promise<Funding> {
    const { address } = await world.connection.viem.deployContract('HostileWallet', [HARM[harm], 200_000n])
    await world.mined(world.testUsdc.write.mint([address, money], as(world.stranger)))
    return signedFunding(world, await someTerms(world, { client: getAddress(address) }))
  }
})

describe('funding many orders with a token that calls back', () => {
  let world: World
  before(async () => {
    world = await openWorld({ tokenName: 'ReenteringUsdc' })
  })
  after(() => world[Symbol.asyncDispose]())

  it('skips what the token would use to enter again', async () => {
    const { escrow, oddToken, stranger } = world
    const fundings = [await signedFunding(world, await someTerms(world))]
    const hook = encodeFunctionData({ abi: escrowAbi, functionName: 'fundMany', args: [fundings] })
    await world.mined(oddToken.write.setHook([escrow.address, hook], as(stranger)))
    const receipt = await world.mined(escrow.write.fundMany([fundings], as(stranger)))
    assert.equal(skipsIn(receipt)[0]?.[1], 'ReentrancyGuardReentrantCall')
    assert.equal(await world.usdc.read.balanceOf([escrow.address]), 0n)
  })

  it('skips what the token answers with the inner call', async () => {
    const { escrow, oddToken, stranger } = world
    const [funding, inner] = [await signedFunding(world, await someTerms(world)), await someTerms(world)]
    const call = encodeFunctionData({
      abi: escrowAbi,
      functionName: 'fundOne',
      args: [await signedFunding(world, inner)],
    })
    await world.mined(oddToken.write.setHook([escrow.address, call], as(stranger)))
    const receipt = await world.mined(escrow.write.fundMany([[funding]], as(stranger)))
    assert.deepEqual(skipsIn(receipt)[0]?.slice(1), ['NotSelf', [getAddress(world.usdc.address)]])
  })

  for (const size of [256n, 257n, 100_000n, 130_000n, 140_000n]) {
    it(`bounds what a reason of ${size} bytes costs, should the token ever hand one on`, async () => {
      const { escrow, oddToken, stranger, connection } = world
      const { address } = await connection.viem.deployContract('HostileWallet', [HARM.revertsHugely, size])
      const annoy = encodeFunctionData({ abi: parseAbi(['function annoy() view']), functionName: 'annoy' })
      await world.mined(oddToken.write.setHook([address, annoy], as(stranger)))
      const terms = await someTerms(world)
      const receipt = await world.mined(escrow.write.fundMany([[await signedFunding(world, terms)]], as(stranger)))
      assert.ok(receipt.gasUsed <= FUND_GAS + 125_000n, `${receipt.gasUsed}`)
      const told = size <= 256n ? `0x${'00'.repeat(256)}` : 'no reason'
      assert.deepEqual(skipsIn(receipt), [[orderIdOf(world, terms), told, []]])
    })
  }
})

async function cancel(world: World, nonce: `0x${string}`): Promise<void> {
  const { client, usdc, stranger } = world
  const signature = await client.account.signTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: world.chainId, verifyingContract: usdc.address },
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: client.address, nonce },
  })
  const r = signature.slice(0, 66) as `0x${string}`
  const s = `0x${signature.slice(66, 130)}` as const
  const v = Number(`0x${signature.slice(130)}`)
  await world.mined(usdc.write.cancelAuthorization([client.address, nonce, v, r, s], as(stranger)))
}
