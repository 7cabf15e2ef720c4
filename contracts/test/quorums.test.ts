import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, getContractAddress, keccak256, toHex } from 'viem'

import { signAll } from './support/messages.ts'
import { rejectsWith } from './support/rejects.ts'
import {
  type Actor,
  MIN_STAKE,
  ROLE,
  USDC,
  VALIDATOR_STAKE,
  type World,
  as,
  byAddress,
  createActor,
  openWorld,
} from './support/world.ts'

const DIGEST = keccak256(toHex('anything'))

describe('quorums', () => {
  let world: World
  let members: Address[]
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    members = world.validators.map(({ address }) => address)
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const attempt = (who: Address[], threshold: number) =>
    world.quorums.simulate.createQuorum([who, threshold, 0], { account: world.stranger.account })

  async function join(actor: Actor): Promise<void> {
    const { stakes, usdc, testUsdc } = world
    await world.rpc('hardhat_setBalance', actor.address, '0xde0b6b3a7640000')
    await world.mined(testUsdc.write.mint([actor.address, MIN_STAKE], as(actor)))
    await world.mined(usdc.write.approve([stakes.address, MIN_STAKE], as(actor)))
    await world.mined(stakes.write.register([actor.address, ROLE.validator, DIGEST], as(actor)))
    await world.mined(stakes.write.stake([MIN_STAKE], as(actor)))
  }

  it('are numbered from 1, readable, and created by anyone', async () => {
    const { quorums, stranger } = world
    await world.mined(quorums.write.createQuorum([members.slice(1, 4), 2, 0], as(stranger)))
    assert.equal(await quorums.read.quorumCount(), 2)
    assert.deepEqual(await quorums.read.membersOf([2]), members.slice(1, 4))
    assert.equal(await quorums.read.thresholdOf([2]), 2)
    assert.deepEqual(await Promise.all(members.map((m) => quorums.read.isMember([2, m]))), [
      false,
      true,
      true,
      true,
      false,
    ])
    assert.deepEqual(await quorums.read.membersOf([1]), members)
  })

  it('need a majority, and no more than all', async () => {
    for (const [count, threshold] of [
      [5, 2],
      [4, 2],
      [5, 6],
      [1, 0],
      [0, 0],
      [0, 1],
    ] as const) {
      await rejectsWith(attempt(members.slice(0, count), threshold), 'BadThreshold', [BigInt(threshold), BigInt(count)])
    }
    for (const [count, threshold] of [
      [5, 3],
      [4, 3],
      [5, 5],
      [1, 1],
      [2, 2],
    ] as const) {
      await attempt(members.slice(0, count), threshold)
    }
  })

  it('name each member once, in order', async () => {
    const [a, b, c] = members as [Address, Address, Address]
    await rejectsWith(attempt([a, c, b], 2), 'MembersNotSorted', [b])
    await rejectsWith(attempt([a, b, b], 2), 'MembersNotSorted', [b])
    await rejectsWith(attempt(['0x0000000000000000000000000000000000000000', a], 2), 'MembersNotSorted')
  })

  it('take only validators with the stake for it', async () => {
    const { stakes, stranger } = world
    const provider = world.providers[0] as Actor
    const validator = world.validators[0] as Actor
    await rejectsWith(attempt([stranger.address], 1), 'NotStakedValidator', [stranger.address, 0, 0n, MIN_STAKE])
    await rejectsWith(attempt([provider.address], 1), 'NotStakedValidator', [
      provider.address,
      1,
      50n * USDC,
      MIN_STAKE,
    ])
    // Leaving stake does not count.
    await world.mined(stakes.write.requestUnbond([VALIDATOR_STAKE - MIN_STAKE], as(validator)))
    await attempt([validator.address], 1)
    await world.mined(stakes.write.requestUnbond([1n], as(validator)))
    await rejectsWith(attempt([validator.address], 1), 'NotStakedValidator', [
      validator.address,
      2,
      MIN_STAKE - 1n,
      MIN_STAKE,
    ])
    await world.mined(stakes.write.cancelUnbond(as(validator)))
    await world.mined(stakes.write.updateProfile([ROLE.provider, DIGEST], as(validator)))
    await rejectsWith(attempt([validator.address], 1), 'NotStakedValidator')
  })

  it('have at most 64 members, and work with that many', async () => {
    const { quorums } = world
    const crowd = Array.from({ length: 65 }, (_, i) => createActor(`crowd ${i}`)).toSorted(byAddress)
    const addresses = crowd.map(({ address }) => address)
    await rejectsWith(attempt(addresses, 33), 'TooManyMembers', [65n, 64n])
    const most = crowd.slice(0, 64)
    for (const actor of most) await join(actor)
    await world.mined(
      quorums.write.createQuorum([addresses.slice(0, 64), 33, 0], { ...as(world.stranger), gas: 16_000_000n }),
    )
    assert.deepEqual(await quorums.read.membersOf([2]), addresses.slice(0, 64))
    await quorums.read.verify([2, DIGEST, await signAll(DIGEST, most.slice(31))])
    await quorums.read.verify([2, DIGEST, await signAll(DIGEST, most)])
    const last = crowd[64] as Actor
    await rejectsWith(quorums.read.verify([2, DIGEST, await signAll(DIGEST, [...most.slice(32), last])]), 'NotMember', [
      2,
      last.address,
    ])
  })

  it('stay as they are when a member leaves, and tell how many still are staked', async () => {
    const { quorums, stakes } = world
    assert.equal(await quorums.read.stakedMembers([1]), 5n)
    await world.mined(stakes.write.requestUnbond([VALIDATOR_STAKE], as(world.validators[0] as Actor)))
    assert.equal(await quorums.read.stakedMembers([1]), 4n)
    await quorums.read.verify([1, DIGEST, await signAll(DIGEST, world.validators.slice(0, 3))])
  })

  it('do not exist before they are created', async () => {
    const { quorums } = world
    for (const id of [0, 2, 2 ** 32 - 1]) {
      await rejectsWith(quorums.read.membersOf([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.thresholdOf([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.verify([id, DIGEST, '0x']), 'QuorumUnknown', [id])
    }
  })

  it('keep their members in an account that does nothing when it is called', async () => {
    const { publicClient, quorums, deployer } = world
    const memberCode = getContractAddress({ from: quorums.address, nonce: 1n })
    const code = await publicClient.getCode({ address: memberCode })
    assert.ok(code?.startsWith('0x00'), 'STOP comes first')
    const answer = await publicClient.call({ account: deployer.account, to: memberCode, data: '0x12345678' })
    assert.equal(answer.data, undefined)
  })
})
