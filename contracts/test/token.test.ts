/** TestUsdc stands in for USDC everywhere else, so what the market relies on is checked here. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { keccak256, parseSignature, toHex } from 'viem'

import { FAR_FUTURE, signAuthorization } from './support/messages.ts'
import { rejectsWithReason } from './support/rejects.ts'
import { USDC, type World, as, openWorld } from './support/world.ts'

const NONCE = keccak256(toHex('nonce'))

describe('TestUsdc', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  it('names itself as native USDC does', async () => {
    const { usdc } = world
    assert.equal(await usdc.read.name(), 'USD Coin')
    assert.equal(await usdc.read.symbol(), 'USDC')
    assert.equal(await usdc.read.version(), '2')
    assert.equal(await usdc.read.decimals(), 6)
  })

  it('moves money by authorization, in both signature forms, to anyone who submits it', async () => {
    const { usdc, client, detector, stranger } = world
    const before = await usdc.read.balanceOf([detector.address])
    const transfer = { from: client, to: detector.address, value: USDC, kind: 'TransferWithAuthorization' } as const
    const whole = await signAuthorization(world, { ...transfer, nonce: NONCE })
    const args = [client.address, detector.address, USDC, 0n, FAR_FUTURE] as const
    await world.mined(usdc.write.transferWithAuthorization([...args, NONCE, whole], as(stranger)))
    const other = keccak256(NONCE)
    const { r, s, yParity } = parseSignature(await signAuthorization(world, { ...transfer, nonce: other }))
    const parts = [yParity + 27, r, s] as const
    await world.mined(usdc.write.transferWithAuthorization([...args, other, ...parts], as(stranger)))
    assert.equal(await usdc.read.balanceOf([detector.address]), before + 2n * USDC)
    const again = usdc.simulate.transferWithAuthorization([...args, NONCE, whole])
    await rejectsWithReason(again, 'FiatTokenV2: authorization is used or canceled')
  })

  it('lets only the payee receive, in both signature forms', async () => {
    const { usdc, client, detector, stranger } = world
    const receive = { from: client, to: detector.address, value: USDC, nonce: NONCE }
    const { r, s, yParity } = parseSignature(await signAuthorization(world, receive))
    const args = [client.address, detector.address, USDC, 0n, FAR_FUTURE, NONCE, yParity + 27, r, s] as const
    const foreign = usdc.simulate.receiveWithAuthorization(args, { account: stranger.account })
    await rejectsWithReason(foreign, 'FiatTokenV2: caller must be the payee')
    await world.mined(usdc.write.receiveWithAuthorization(args, as(detector)))
    assert.equal(await usdc.read.authorizationState([client.address, NONCE]), true)
  })

  it('honours validity strictly on both ends', async () => {
    const { usdc, client, detector } = world
    const now = BigInt(await world.now())
    const base = { from: client, to: detector.address, value: USDC, nonce: NONCE }
    const early = await signAuthorization(world, { ...base, validAfter: now })
    const args = [client.address, detector.address, USDC] as const
    const by = { account: detector.account }
    const first = usdc.simulate.receiveWithAuthorization([...args, now, FAR_FUTURE, NONCE, early], by)
    await rejectsWithReason(first, 'FiatTokenV2: authorization is not yet valid')
    const late = await signAuthorization(world, { ...base, validBefore: now })
    const second = usdc.simulate.receiveWithAuthorization([...args, 0n, now, NONCE, late], by)
    await rejectsWithReason(second, 'FiatTokenV2: authorization is expired')
  })

  it('grants allowances by permit, once', async () => {
    const { usdc, client, detector, stranger } = world
    const message = { owner: client.address, spender: detector.address, value: USDC, nonce: 0n, deadline: FAR_FUTURE }
    const { r, s, yParity } = parseSignature(
      await client.account.signTypedData({
        domain: { name: 'USD Coin', version: '2', chainId: world.chainId, verifyingContract: usdc.address },
        types: {
          Permit: [
            { name: 'owner', type: 'address' },
            { name: 'spender', type: 'address' },
            { name: 'value', type: 'uint256' },
            { name: 'nonce', type: 'uint256' },
            { name: 'deadline', type: 'uint256' },
          ],
        },
        primaryType: 'Permit',
        message,
      }),
    )
    const args = [client.address, detector.address, USDC, FAR_FUTURE, yParity + 27, r, s] as const
    await world.mined(usdc.write.permit(args, as(stranger)))
    assert.equal(await usdc.read.allowance([client.address, detector.address]), USDC)
    await rejectsWithReason(usdc.simulate.permit(args), 'EIP2612: invalid signature')
  })

  it('blocks a blacklisted account in both directions', async () => {
    const { usdc, testUsdc, client, detector, deployer } = world
    await world.mined(testUsdc.write.setBlacklisted([client.address, true], as(deployer)))
    const reason = 'Blacklistable: account is blacklisted'
    await rejectsWithReason(usdc.simulate.transfer([detector.address, 1n], { account: client.account }), reason)
    await rejectsWithReason(usdc.simulate.transfer([client.address, 1n], { account: detector.account }), reason)
  })
})
