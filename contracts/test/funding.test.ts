import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { decodeEventLog, hashTypedData, zeroAddress } from 'viem'

import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import { FAR_FUTURE, type Terms, orderIdOf, signAuthorization, someTerms } from './support/messages.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { DAY, type World, as, openWorld } from './support/world.ts'

describe('funding an order', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const authorize = (terms: Terms, validBefore = FAR_FUTURE) =>
    signAuthorization(world, {
      from: world.client,
      to: world.escrow.address,
      value: terms.maxAmount,
      nonce: orderIdOf(world, terms),
      validBefore,
    })

  it('takes exactly the amount by allowance and remembers the terms', async () => {
    const { escrow, usdc, client } = world
    const terms = await someTerms(world)
    const before = await usdc.read.balanceOf([client.address])
    const receipt = await world.mined(escrow.write.fund([terms], as(client)))

    assert.equal(await usdc.read.balanceOf([client.address]), before - terms.maxAmount)
    assert.equal(await usdc.read.balanceOf([escrow.address]), terms.maxAmount)
    assert.deepEqual(await escrow.read.order([orderIdOf(world, terms)]), {
      remaining: terms.maxAmount,
      settleBy: terms.settleBy,
      refundAt: terms.refundAt,
      quorumId: terms.quorumId,
      feeBps: terms.feeBps,
      status: 1,
    })
    const logs = receipt.logs.filter(({ address }) => address === escrow.address)
    const [event] = logs.map(({ data, topics }) => decodeEventLog({ abi: escrowAbi, data, topics }))
    assert.equal(event?.eventName, 'OrderFunded')
    assert.deepEqual(event?.args, {
      orderId: orderIdOf(world, terms),
      client: client.address,
      aggregator: terms.aggregator,
      terms,
    })
  })

  it('takes an authorization from anyone, once', async () => {
    const { escrow, stranger } = world
    const terms = await someTerms(world)
    const signature = await authorize(terms)
    await world.mined(escrow.write.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], as(stranger)))

    assert.equal((await escrow.read.order([orderIdOf(world, terms)])).status, 1)
    const again = escrow.simulate.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature])
    await rejectsWith(again, 'OrderExists', [orderIdOf(world, terms)])
  })

  it('is not harmed by a stranger who submits the authorization first', async () => {
    const { escrow, usdc, stranger, client } = world
    const terms = await someTerms(world)
    const signature = await authorize(terms)
    const nonce = orderIdOf(world, terms)
    const direct = usdc.simulate.receiveWithAuthorization(
      [client.address, escrow.address, terms.maxAmount, 0n, FAR_FUTURE, nonce, signature],
      { account: stranger.account },
    )
    await rejectsWithReason(direct, 'FiatTokenV2: caller must be the payee')
    const asTransfer = usdc.simulate.transferWithAuthorization(
      [client.address, escrow.address, terms.maxAmount, 0n, FAR_FUTURE, nonce, signature],
      { account: stranger.account },
    )
    await rejectsWithReason(asTransfer, 'FiatTokenV2: invalid signature')
  })

  it('refuses an authorization under other terms than the signed ones', async () => {
    const { escrow, stranger } = world
    const terms = await someTerms(world)
    const signature = await authorize(terms)
    for (const change of [
      { aggregator: stranger.address },
      { quorumId: 0 },
      { feeBps: 500 },
      { refundAt: terms.refundAt + 1 },
    ]) {
      const call = escrow.simulate.fundWithAuthorization([{ ...terms, ...change }, 0n, FAR_FUTURE, signature])
      await rejectsWithReason(call, 'FiatTokenV2: invalid signature')
    }
  })

  it('refuses a cancelled authorization and credits nothing', async () => {
    const { escrow, usdc, client } = world
    const terms = await someTerms(world)
    const nonce = orderIdOf(world, terms)
    const signature = await authorize(terms)
    await cancelAuthorization(world, nonce)

    assert.equal(await usdc.read.authorizationState([client.address, nonce]), true)
    const call = escrow.simulate.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature])
    await rejectsWithReason(call, 'FiatTokenV2: authorization is used or canceled')
    assert.equal((await escrow.read.order([nonce])).status, 0)
  })

  it('refuses an authorization outside its validity', async () => {
    const { escrow } = world
    const terms = await someTerms(world)
    const now = BigInt(await world.now())
    const late = await authorize(terms, now)
    const call = escrow.simulate.fundWithAuthorization([terms, 0n, now, late])
    await rejectsWithReason(call, 'FiatTokenV2: authorization is expired')
  })

  it('works once the allowance is gone, and again with it', async () => {
    const { escrow, usdc, client } = world
    const terms = await someTerms(world)
    await world.mined(usdc.write.approve([escrow.address, 0n], as(client)))
    await assert.rejects(escrow.simulate.fund([terms], { account: client.account }))
    await world.mined(usdc.write.approve([escrow.address, terms.maxAmount], as(client)))
    await world.mined(escrow.write.fund([terms], as(client)))
  })

  it('lets only the client spend its allowance', async () => {
    const { escrow, stranger, client } = world
    const call = escrow.simulate.fund([await someTerms(world)], { account: stranger.account })
    await rejectsWith(call, 'NotClient', [stranger.address, client.address])
  })

  it('refuses terms that break a rule, whoever signs them', async () => {
    const { escrow, client } = world
    const good = await someTerms(world)
    const now = await world.now()
    const attempt = (change: Partial<Terms>) =>
      escrow.simulate.fund([{ ...good, ...change }], { account: client.account })

    await rejectsWith(attempt({ maxAmount: 0n }), 'ZeroAmount')
    await rejectsWith(attempt({ aggregator: zeroAddress }), 'ZeroAggregator')
    await rejectsWith(attempt({ feeBps: 501 }), 'FeeBpsOverCap', [501, 500])
    await rejectsWith(attempt({ settleBy: now }), 'TooLate', [BigInt(now)])
    await rejectsWith(attempt({ settleBy: good.refundAt + 1 }), 'RefundBeforeSettle')
    await rejectsWith(attempt({ quorumId: 2 }), 'QuorumUnknown', [2])
    await rejectsWith(attempt({ refundAt: now + 8 * DAY }), 'RefundTooLate')
  })

  it('accepts terms on the edge of every rule', async () => {
    const { escrow, client } = world
    const now = await world.now()
    const edges: Partial<Terms>[] = [
      { maxAmount: 1n },
      { feeBps: 500 },
      { feeBps: 0 },
      { settleBy: now + 1000, refundAt: now + 1000 },
      { refundAt: now + 7 * DAY },
      { quorumId: 0 },
    ]
    for (const edge of edges) {
      const terms = await someTerms(world, edge)
      await escrow.simulate.fund([terms], { account: client.account })
    }
  })

  it('needs no quorum to exist for an order that only the client settles', async () => {
    const terms = await someTerms(world, { quorumId: 0 })
    await world.mined(world.escrow.write.fund([terms], as(world.client)))
    assert.equal((await world.escrow.read.order([orderIdOf(world, terms)])).quorumId, 0)
  })

  it('stops with the token when the client is blacklisted or the token is paused', async () => {
    const { escrow, testUsdc, client, deployer } = world
    const terms = await someTerms(world)
    await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(deployer)))
    const blocked = escrow.simulate.fund([terms], { account: client.account })
    await rejectsWithReason(blocked, 'Blacklistable: account is blacklisted')
    await world.mined(testUsdc.write.setBlacklisted([client.address, false], as(deployer)))
    await world.mined(testUsdc.write.setPaused([true], as(deployer)))
    await rejectsWithReason(escrow.simulate.fund([terms], { account: client.account }), 'Pausable: paused')
  })
})

describe('funding with a token that misbehaves', () => {
  it('refuses a token that keeps part of a transfer', async () => {
    await using world = await openWorld({ tokenName: 'FeeUsdc' })
    await world.mined(world.oddToken.write.setFee([1n], as(world.deployer)))
    const terms = await someTerms(world)
    const call = world.escrow.simulate.fund([terms], { account: world.client.account })
    await rejectsWith(call, 'ShortTransfer', [terms.maxAmount - 1n, terms.maxAmount])
  })
})

async function cancelAuthorization(world: World, nonce: `0x${string}`): Promise<void> {
  const { client, usdc, stranger } = world
  const domain = { name: 'USD Coin', version: '2', chainId: world.chainId, verifyingContract: usdc.address }
  const types = {
    CancelAuthorization: [
      { name: 'authorizer', type: 'address' },
      { name: 'nonce', type: 'bytes32' },
    ],
  } as const
  const message = { authorizer: client.address, nonce }
  const hash = hashTypedData({ domain, types, primaryType: 'CancelAuthorization', message })
  const signature = await client.account.sign({ hash })
  const r = signature.slice(0, 66) as `0x${string}`
  const s = `0x${signature.slice(66, 130)}` as const
  const v = Number(`0x${signature.slice(130)}`)
  await world.mined(usdc.write.cancelAuthorization([client.address, nonce, v, r, s], as(stranger)))
}
