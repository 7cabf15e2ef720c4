import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'

import {
  type Address,
  type Hex,
  concatHex,
  encodeFunctionData,
  getContractAddress,
  keccak256,
  sliceHex,
  toHex,
  zeroAddress,
} from 'viem'

import { quorumsAbi } from '../../packages/chain/src/abi/quorums.ts'
import { createBench, createCrowd, joinAsValidator } from './support/ladder.ts'
import { signAll, withHighS } from './support/messages.ts'
import {
  CREATE_CASES,
  type CreateCase,
  VERIFY_CASES,
  type VerifyCase,
  renderQuorumTables,
} from './support/quorum-table.ts'
import { rejectsWith } from './support/rejects.ts'
import { withoutPadding } from './support/render-grid.ts'
import {
  type Actor,
  MIN_STAKE,
  ROLE,
  USDC,
  VALIDATOR_STAKE,
  type World,
  as,
  createActor,
  openWorld,
} from './support/world.ts'

const DIGEST = keccak256(toHex('anything'))
const OTHER_DIGEST = keccak256(toHex('anything else'))
const CAP = 64

describe('quorums', () => {
  let world: World
  let crowd: Actor[]
  let members: [Address, Address, Address, Address, Address]
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    members = world.validators.map(({ address }) => address) as typeof members
    crowd = createCrowd('crowd', CAP + 1)
    for (const actor of crowd) await joinAsValidator(world, actor)
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const addresses = (count: number) => crowd.slice(0, count).map(({ address }) => address)

  describe('are created from', () => {
    interface Input {
      readonly who?: readonly Address[]
      readonly threshold?: number
      readonly appealId?: number
      /** Of the error. */
      readonly args?: readonly unknown[]
    }
    const inputs: Record<CreateCase, () => Promise<Input> | Input> = {
      'one member, threshold 1': () => ({ who: members.slice(0, 1), threshold: 1 }),
      '64 members, threshold 33': () => ({ who: addresses(CAP), threshold: 33 }),
      '65 members': () => ({ who: addresses(CAP + 1), threshold: 33, args: [65n, 64n] }),
      'no member': () => ({ who: [], threshold: 0, args: [0n, 0n] }),
      'threshold 0': () => ({ threshold: 0, args: [0n, 5n] }),
      'threshold half of the members': () => ({ who: members.slice(0, 4), threshold: 2, args: [2n, 4n] }),
      'threshold above the members': () => ({ threshold: 6, args: [6n, 5n] }),
      'members out of order': () => ({ who: [members[0], members[2], members[1]], args: [members[1]] }),
      'a member twice': () => ({ who: [members[0], members[1], members[1]], args: [members[1]] }),
      'the zero address': () => ({ who: [zeroAddress, members[0]], threshold: 2, args: [zeroAddress] }),
      'a member that never registered': () => {
        const { address } = world.stranger
        return { who: [address], threshold: 1, args: [address, 0, 0n, MIN_STAKE] }
      },
      'a member that is no validator': () => {
        const { address } = world.providers[0] as Actor
        return { who: [address], threshold: 1, args: [address, 1, 50n * USDC, MIN_STAKE] }
      },
      'a member whose stake is leaving': async () => {
        const validator = world.validators[0] as Actor
        const rest = VALIDATOR_STAKE - MIN_STAKE
        await world.mined(world.stakes.write.requestUnbond([rest], as(validator)))
        await attempt({ who: [members[0]], threshold: 1 })
        await world.mined(world.stakes.write.requestUnbond([1n], as(validator)))
        return { who: [members[0]], threshold: 1, args: [members[0], 2, MIN_STAKE - 1n, MIN_STAKE] }
      },
      'appeals to a larger quorum': () => ({ who: members.slice(0, 4), appealId: 1 }),
      'appeals to one of the same size': () => ({ appealId: 1, args: [1, 5n, 6n] }),
      'appeals to a smaller one': async () => {
        const { quorumId } = await createBench(world, world.validators.slice(0, 3), 0)
        return { appealId: quorumId, args: [quorumId, 3n, 6n] }
      },
      'appeals to itself': () => ({ appealId: 2, args: [2] }),
      'appeals to one to come': () => ({ appealId: 3, args: [3] }),
    }
    for (const [name, expected] of Object.entries(CREATE_CASES)) {
      it(`${name} → ${expected}`, async () => {
        const input = await inputs[name as CreateCase]()
        if (expected !== 'ok') return rejectsWith(attempt(input), expected, input.args)
        return creates(input)
      })
    }

    const attempt = ({ who = members, threshold = 3, appealId = 0 }: Input) =>
      world.quorums.simulate.createQuorum([who, threshold, appealId], { account: world.stranger.account })

    async function creates({ who = members, threshold = 3, appealId = 0 }: Input): Promise<void> {
      const { quorums, stranger } = world
      const by = { ...as(stranger), gas: 16_000_000n }
      await world.mined(quorums.write.createQuorum([who, threshold, appealId], by))
      assert.equal(await quorums.read.quorumCount(), 2)
      assert.deepEqual(await quorums.read.membersOf([2]), who)
      assert.equal(await quorums.read.thresholdOf([2]), threshold)
      assert.equal(await quorums.read.appealOf([2]), appealId)
      for (const member of [...members, zeroAddress]) {
        assert.equal(await quorums.read.isMember([2, member]), who.includes(member))
      }
    }

    it('any majority, whatever the size', async () => {
      for (let count = 1; count <= 5; count += 1) {
        const half = Math.floor(count / 2)
        const who = members.slice(0, count)
        await rejectsWith(attempt({ who, threshold: half }), 'BadThreshold', [BigInt(half), BigInt(count)])
        await attempt({ who, threshold: half + 1 })
        await attempt({ who, threshold: count })
      }
    })

    it('who is a validator at that moment', async () => {
      const validator = world.validators[0] as Actor
      await world.mined(world.stakes.write.updateProfile([ROLE.provider | ROLE.aggregator, DIGEST], as(validator)))
      await rejectsWith(attempt({ who: [members[0]], threshold: 1 }), 'NotStakedValidator')
      await world.mined(world.stakes.write.updateProfile([7, DIGEST], as(validator)))
      await attempt({ who: [members[0]], threshold: 1 })
    })
  })

  describe('verify', () => {
    interface Given {
      readonly signatures: Hex
      readonly id?: number
      readonly args?: readonly unknown[]
    }
    const sign = (signers: readonly Actor[], digest = DIGEST) => signAll(digest, signers)
    const validator = (i: number) => world.validators[i] as Actor
    const three = () => sign(world.validators.slice(0, 3))
    /** Good signatures, the second replaced. */
    const withSecond = async (second: (good: Hex) => Hex) => {
      const good = await three()
      return concatHex([sliceHex(good, 0, 65), second(sliceHex(good, 65, 130)), sliceHex(good, 130)])
    }
    const cases: Record<VerifyCase, () => Promise<Given>> = {
      'threshold signatures': async () => ({ signatures: await three() }),
      'all members': async () => ({ signatures: await sign(world.validators) }),
      'a member whose stake left': async () => {
        await world.mined(world.stakes.write.requestUnbond([VALIDATOR_STAKE], as(validator(0))))
        assert.equal(await world.quorums.read.stakedMembers([1]), 4n)
        return { signatures: await three() }
      },
      'one less than the threshold': async () => ({ signatures: sliceHex(await three(), 0, 130), args: [2n, 3n] }),
      'no signature': async () => ({ signatures: '0x', args: [0n, 3n] }),
      'a byte too few': async () => ({ signatures: sliceHex(await three(), 0, 194), args: [194n] }),
      'one signer twice': async () => ({ signatures: await sign([0, 1, 1].map(validator)), args: [members[1]] }),
      'signers out of order': async () => ({ signatures: await sign([0, 2, 1].map(validator)), args: [members[1]] }),
      "a stranger's among them": async () => {
        const { address } = world.stranger
        const signers = [...world.validators, world.stranger].toSorted((a, b) => (low(a) < low(b) ? -1 : 1))
        return { signatures: await sign(signers), args: [1, address] }
      },
      'beyond the threshold, a bad one': async () => {
        const beyond = crowd.findLast((actor) => low(actor) > low(validator(2))) as Actor
        return { signatures: concatHex([await three(), await sign([beyond])]), args: [1, beyond.address] }
      },
      'of another digest': async () => ({ signatures: await sign(world.validators.slice(0, 3), OTHER_DIGEST) }),
      'high s': async () => ({ signatures: await withSecond(withHighS), args: [1n] }),
      'v of 0 and 1': async () => {
        const low_ = (good: Hex) => concatHex([sliceHex(good, 0, 64), sliceHex(good, 64) === '0x1b' ? '0x00' : '0x01'])
        return { signatures: await withSecond(low_), args: [1n] }
      },
      zeros: async () => ({ signatures: await withSecond(() => `0x${'00'.repeat(65)}`), args: [1n] }),
      'of quorum 0': async () => ({ signatures: await three(), id: 0, args: [0] }),
      'of a quorum to come': async () => ({ signatures: await three(), id: 2, args: [2] }),
    }
    const low = ({ address }: Actor) => address.toLowerCase()

    for (const [name, expected] of Object.entries(VERIFY_CASES)) {
      it(`${name} → ${expected}`, async () => {
        const { signatures, id = 1, args } = await cases[name as VerifyCase]()
        const call = world.quorums.read.verify([id, DIGEST, signatures])
        await (expected === 'ok' ? call : rejectsWith(call, expected, args))
      })
    }

    it('works for 64 members: any 33, and not 32', async () => {
      await createBench(world, crowd.slice(0, CAP), 0)
      const most = crowd.slice(0, CAP)
      for (const signers of [most, most.slice(0, 33), most.slice(31), most.filter((_, i) => i % 2 === 0 || i === 63)]) {
        await world.quorums.read.verify([2, DIGEST, await sign(signers)])
      }
      await rejectsWith(world.quorums.read.verify([2, DIGEST, await sign(most.slice(32))]), 'QuorumNotMet', [32n, 33n])
      const last = crowd[CAP] as Actor
      const stranger = [...most.slice(32), last]
      await rejectsWith(world.quorums.read.verify([2, DIGEST, await sign(stranger)]), 'NotMember', [2, last.address])
    })

    it('costs less than 5 000 gas a signature, and a member who does not sign less than 100', async () => {
      const cost = async (size: number, signers: number) => {
        const threshold = Math.floor(size / 2) + 1
        const bench = await createBench(world, crowd.slice(0, size), 0)
        assert.ok(signers >= threshold)
        const args = [bench.quorumId, DIGEST, await sign(crowd.slice(0, signers))] as const
        const data = encodeFunctionData({ abi: quorumsAbi, functionName: 'verify', args })
        return world.publicClient.estimateGas({ account: world.stranger.account, to: world.quorums.address, data })
      }
      const few = await cost(3, 3)
      const many = await cost(64, 64)
      const each = (many - few) / 61n
      assert.ok(each < 5_000n, `${each} gas a signature`)
      const idle = ((await cost(64, 33)) - (await cost(33, 33))) / 31n
      assert.ok(idle < 100n, `${idle} gas a member`)
    })
  })

  it('are the tables in the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    for (const table of renderQuorumTables()) assert.ok(withoutPadding(readme).includes(`\n\n${table}\n\n`), table)
  })

  it('stay as they are when a member leaves, and tell how many still are staked', async () => {
    const { quorums, stakes } = world
    assert.equal(await quorums.read.stakedMembers([1]), 5n)
    await world.mined(stakes.write.requestUnbond([VALIDATOR_STAKE - MIN_STAKE], as(world.validators[0] as Actor)))
    assert.equal(await quorums.read.stakedMembers([1]), 5n)
    await world.mined(stakes.write.requestUnbond([1n], as(world.validators[0] as Actor)))
    assert.equal(await quorums.read.stakedMembers([1]), 4n)
    assert.deepEqual(await quorums.read.membersOf([1]), members)
  })

  it('do not exist before they are created', async () => {
    const { quorums } = world
    for (const id of [0, 2, 2 ** 32 - 1]) {
      await rejectsWith(quorums.read.membersOf([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.thresholdOf([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.appealOf([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.stakedMembers([id]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.isMember([id, members[0]]), 'QuorumUnknown', [id])
      await rejectsWith(quorums.read.verify([id, DIGEST, '0x']), 'QuorumUnknown', [id])
    }
  })

  it('keep what they are whatever their number: 128, 256 and 65536 change how it is encoded', async () => {
    const { quorums } = world
    const one = createActor('nobody').address
    for (const id of [127, 128, 255, 256, 65_535, 65_536, 16_777_215, 16_777_216]) {
      const account = getContractAddress({ from: quorums.address, nonce: BigInt(id) })
      await world.rpc('hardhat_setCode', account, concatHex([toHex(1, { size: 32 }), toHex(BigInt(one), { size: 32 })]))
      assert.deepEqual(await quorums.read.membersOf([id]), [one])
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
