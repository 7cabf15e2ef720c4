/** The ladder of appeals: who hears, what it costs, who is paid, and that nobody can hold it up. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'

import fc from 'fast-check'
import { type Hex, decodeEventLog, isAddressEqual, zeroAddress } from 'viem'

import { disputesAbi } from '../../packages/chain/src/abi/disputes.ts'
import { type Ladder, createBench, openLadder } from './support/ladder.ts'
import { signAll } from './support/messages.ts'
import { fundedOrder } from './support/orders.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { withoutPadding } from './support/render-grid.ts'
import { revertName } from './support/revert-name.ts'
import { APPELLANTS, type Appellant, renderAppellants } from './support/verdict-table.ts'
import {
  EVIDENCE,
  appeal,
  approveBonds,
  assertSolvent,
  finalize,
  rule,
  rulingArgs,
  rulingDigest,
  submitVerdict,
  warpToClose,
} from './support/verdicts.ts'
import { APPEAL_WINDOW, type Actor, DAY, PROVIDER_STAKE, USDC, type World, as, openWorld } from './support/world.ts'

const SLASH = 10n * USDC
const BONDS = [2_500_000n, 5n * USDC, 10n * USDC] as const
const RULING_WINDOW = 3 * DAY
const ROUNDS = [0, 1, 2] as const

describe('appeals', () => {
  let world: World
  let ladder: Ladder
  let accused: Actor
  /** One for each round, so that it shows whose bond is whose. */
  let appellants: readonly [Actor, Actor, Actor]
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    ladder = await openLadder(world)
    accused = world.providers[0] as Actor
    appellants = [accused, world.stranger, world.aggregator]
    await approveBonds(world, [...appellants, world.detector, world.client])
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const record = (id: Hex) => world.disputes.read.verdictOf([id])
  const exposure = () => world.stakes.read.exposure([accused.address])
  const judged = async (slash = SLASH, court = ladder.court) =>
    submitVerdict(world, await fundedOrder(world, { quorumId: court.quorumId }), { slash }, court)

  /** Appeals and has ruled, as often as rulings are given. */
  async function climb(id: Hex, rulings: readonly boolean[]): Promise<void> {
    for (const [round, guilty] of rulings.entries()) {
      await appeal(world, id, appellants[round] as Actor)
      await rule(world, id, guilty, ladder.benches[round as 0 | 1 | 2])
    }
  }

  describe('from 3 to 7, 15 and 31 judges', () => {
    const rulings = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ROUNDS.map((round) => ((bits >> round) & 1) === 1))
    for (const given of rulings) {
      it(`rule ${given.map((guilty) => (guilty ? 'guilty' : 'innocent')).join(', ')}`, async () => {
        const id = await judged()
        let stands = true
        let fund = 0n
        for (const round of ROUNDS) {
          const bench = ladder.benches[round]
          const appellant = appellants[round]
          const bond = BONDS[round]
          const guilty = given[round] as boolean
          await appeal(world, id, appellant)
          const { status, benchId, bond: held, round: number, appellant: who } = await record(id)
          assert.deepEqual(
            [status, benchId, held, number, who],
            [2, bench.quorumId, bond, round + 1, appellant.address],
          )
          await assertSolvent(world, bond)

          await rule(world, id, guilty, bench)
          const confirmed: boolean = guilty === stands
          fund += confirmed ? bond : 0n
          assert.equal(await world.disputes.read.credit([appellant.address]), confirmed ? 0n : bond)
          assert.equal(await world.disputes.read.fundBalance(), fund)
          await assertSolvent(world)
          stands = guilty
        }
        // The last ruling is carried out at once.
        assert.equal((await record(id)).closesAt, await world.now())
        await finalize(world, id)
        const { active, holds, convictions } = await exposure()
        assert.deepEqual([(await record(id)).guilty, holds, convictions], [stands, 0, stands ? 1 : 0])
        assert.equal(active, PROVIDER_STAKE - (stands ? SLASH : 0n))
        await assertSolvent(world)
      })
    }

    it('end there, whatever quorum could still be asked', async () => {
      const { quorums, validators } = world
      const tall = [...ladder.benches[2].members, validators[0] as Actor, validators[1] as Actor]
      const { quorumId } = await createBench(
        world,
        tall.toSorted((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1)),
        0,
      )
      const names = async (members: readonly Actor[], appealId: number) =>
        (await createBench(world, members, appealId)).quorumId
      const fourth = await names(ladder.benches[2].members, quorumId)
      const third = await names(ladder.benches[1].members, fourth)
      const second = await names(ladder.benches[0].members, third)
      const court = await createBench(world, ladder.court.members, second)
      assert.equal(await quorums.read.appealOf([fourth]), quorumId)
      const id = await judged(SLASH, court)
      await climb(id, [true, false, true])
      await rejectsWith(world.disputes.simulate.appeal([id], { account: accused.account }), 'NoAppeal', [id, 3])
      await finalize(world, id)
    })

    it('are 3 at most, with bonds that double', async () => {
      assert.equal(await world.disputes.read.MAX_APPEALS(), 3)
      for (const round of ROUNDS) assert.equal(await world.disputes.read.bondOf([SLASH, round]), BONDS[round])
    })
  })

  describe('a bench', () => {
    it('rules by the majority of its own members, and of no other quorum', async () => {
      const id = await judged()
      await appeal(world, id, accused)
      const [bench, next] = ladder.benches
      const ruling = { verdictId: id, round: 1, guilty: false, evidence: EVIDENCE }
      const digest = rulingDigest(world, ruling)
      const submit = async (judges: readonly Actor[]) =>
        world.disputes.simulate.submitRuling([id, false, EVIDENCE, await signAll(digest, judges)])
      await submit(bench.signers)
      await submit(bench.members)
      await rejectsWith(submit(bench.signers.slice(1)), 'QuorumNotMet', [3n, 4n])
      await rejectsWith(submit(ladder.court.members), 'QuorumNotMet', [3n, 4n])
      await rejectsWith(submit(next.signers), 'NotMember')
      await rejectsWith(submit(world.validators), 'NotMember')
      await rejectsWith(submit([...bench.signers].toReversed()), 'SignersNotSorted')
    })

    it('rules on what it signed: verdict, round, result and evidence', async () => {
      const id = await judged()
      const other = await judged()
      await appeal(world, id, accused)
      const [bench] = ladder.benches
      const good = { verdictId: id, round: 1, guilty: false, evidence: EVIDENCE }
      for (const change of [{ verdictId: other }, { round: 0 }, { round: 2 }, { guilty: true }, { evidence: id }]) {
        const signatures = await signAll(rulingDigest(world, { ...good, ...change }), bench.signers)
        await rejectsWith(world.disputes.simulate.submitRuling([id, false, EVIDENCE, signatures]), 'NotMember')
      }
    })

    it('is told by events whom it serves', async () => {
      const id = await judged()
      const told = async (hash: Promise<Hex>) => {
        const { logs } = await world.mined(hash)
        const own = logs.filter(({ address }) => isAddressEqual(address, world.disputes.address))
        return own.map(({ data, topics }) => decodeEventLog({ abi: disputesAbi, data, topics }))
      }
      const { disputes, stranger } = world
      const [bench] = ladder.benches
      const asked = await told(disputes.write.appeal([id], as(accused)))
      const ruleBy = (await world.now()) + RULING_WINDOW
      const benchId = bench.quorumId
      const appealed = { verdictId: id, appellant: accused.address, benchId, round: 1, bond: BONDS[0], ruleBy }
      assert.deepEqual(
        asked.map(({ eventName, args }) => [eventName, args]),
        [['VerdictAppealed', appealed]],
      )

      const ruled = await told(disputes.write.submitRuling(await rulingArgs(world, id, false, bench), as(stranger)))
      const closesAt = (await world.now()) + APPEAL_WINDOW
      const closed = { verdictId: id, appellant: accused.address, amount: BONDS[0], returned: true }
      assert.deepEqual(
        ruled.map(({ eventName, args }) => [eventName, args]),
        [
          ['BondClosed', closed],
          ['VerdictRuled', { verdictId: id, benchId, guilty: false, closesAt, evidence: EVIDENCE }],
        ],
      )
    })
  })

  describe('time', () => {
    it('to appeal ends with the second before closesAt, after every ruling anew', async () => {
      const id = await judged()
      for (const round of ROUNDS) {
        const { closesAt } = await record(id)
        assert.equal(closesAt, (await world.now()) + APPEAL_WINDOW)
        const attempt = () => world.disputes.simulate.appeal([id], { account: world.stranger.account })
        const undo = await world.snapshot()
        await world.warp(closesAt)
        await rejectsWith(attempt(), 'TooLate', [BigInt(closesAt)])
        await undo()
        await world.warp(closesAt - 1)
        await attempt()
        await undo()
        if (round !== 2) await climbOne(id, round)
      }
    })

    async function climbOne(id: Hex, round: 0 | 1): Promise<void> {
      await appeal(world, id, appellants[round])
      await rule(world, id, true, ladder.benches[round])
    }

    it('to rule ends with the second before closesAt', async () => {
      const id = await judged()
      await appeal(world, id, accused)
      const { closesAt } = await record(id)
      assert.equal(closesAt, (await world.now()) + RULING_WINDOW)
      const args = await rulingArgs(world, id, false, ladder.benches[0])
      await world.warp(closesAt - 1)
      await world.disputes.simulate.submitRuling(args)
      await rejectsWith(world.disputes.simulate.finalizeVerdict([id]), 'TooEarly', [BigInt(closesAt)])
      await world.warp(closesAt)
      await rejectsWith(world.disputes.simulate.submitRuling(args), 'TooLate', [BigInt(closesAt)])
      await world.disputes.simulate.finalizeVerdict([id])
    })

    const silences = [[], [true], [false], [true, true], [true, false], [false, true], [false, false]]
    for (const before of silences) {
      const stands = before.at(-1) ?? true
      it(`runs out on a silent bench after ${before.length} rulings: ${stands ? 'guilty' : 'innocent'} stands`, async () => {
        const { disputes } = world
        const id = await judged()
        await climb(id, before)
        const last = appellants[before.length] as Actor
        const credit = await disputes.read.credit([last.address])
        const fund = await disputes.read.fundBalance()
        await appeal(world, id, last)
        await warpToClose(world, id)
        await finalize(world, id)

        assert.equal(await disputes.read.credit([last.address]), credit + BONDS[before.length as 0 | 1 | 2])
        assert.equal(await disputes.read.fundBalance(), fund + (stands ? SLASH / 2n : 0n))
        const { status, guilty, bond } = await record(id)
        assert.deepEqual([status, guilty, bond], [3, stands, 0n])
        assert.equal((await exposure()).active, PROVIDER_STAKE - (stands ? SLASH : 0n))
        await assertSolvent(world)
        await world.mined(disputes.write.withdrawCredit([last.address], as(last)))
        await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'VerdictClosed', [id])
      })
    }
  })

  it('reopen an acquittal too', async () => {
    const id = await judged()
    await appeal(world, id, accused)
    await rule(world, id, false, ladder.benches[0])
    await appeal(world, id, world.detector)
    await rule(world, id, true, ladder.benches[1])
    await warpToClose(world, id)
    await finalize(world, id)
    assert.equal((await exposure()).active, PROVIDER_STAKE - SLASH)
    // Its bond, and its share.
    assert.equal(await world.disputes.read.credit([world.detector.address]), BONDS[1] + (SLASH * 4n) / 10n)
  })

  it('come one at a time', async () => {
    const id = await judged()
    await appeal(world, id, accused)
    for (const { account } of [accused, world.stranger]) {
      await rejectsWith(world.disputes.simulate.appeal([id], { account }), 'AppealUnderWay', [id])
    }
    await rule(world, id, true, ladder.benches[0])
    await appeal(world, id, accused)
  })

  it('do not stop at a bench that names no other: its ruling can be carried out in the same second', async () => {
    const id = await judged(SLASH, ladder.benches[1])
    await appeal(world, id, accused)
    await rule(world, id, true, ladder.benches[2])
    assert.equal((await record(id)).closesAt, await world.now())
    await rejectsWith(world.disputes.simulate.appeal([id], { account: accused.account }), 'NoAppeal', [id, 1])
    await finalize(world, id)
    assert.equal((await exposure()).active, PROVIDER_STAKE - SLASH)
  })

  it('cost a quarter of the slash, rounded up, doubled each time, and never overflow', async () => {
    const most = 2n ** 64n - 1n
    const slash = fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, most), fc.constant(most))
    const property = fc.asyncProperty(slash, fc.integer({ min: 0, max: 2 }), async (amount, round) => {
      const exact = amount * 2n ** BigInt(round)
      const rounded = (exact + 3n) / 4n
      assert.equal(await world.disputes.read.bondOf([amount, round]), rounded < most ? rounded : most)
    })
    await fc.assert(property, { seed: 3, numRuns: 60 })
  })

  describe('by', () => {
    const cases: Record<Appellant, () => Promise<string[]>> = {
      'the accused, client, detector, aggregator, a judge or a stranger': async () => {
        const judge = ladder.court.members[0] as Actor
        await world.mined(world.testUsdc.write.mint([judge.address, SLASH], as(judge)))
        const anyone = [accused, world.client, world.detector, world.aggregator, judge, world.stranger]
        await approveBonds(world, anyone)
        const id = await judged()
        const results = []
        for (const actor of anyone) results.push(await attempt(id, actor))
        return results.map((result) => (result === 'ok' ? 'appealed' : result))
      },
      'one who approved nothing': async () => [await attempt(await judged(), world.deployer)],
      'one who has less than the bond': async () => {
        const { usdc, deployer, stranger } = world
        const rest = (await usdc.read.balanceOf([stranger.address])) - BONDS[0] + 1n
        await world.mined(usdc.write.transfer([deployer.address, rest], as(stranger)))
        return [await attempt(await judged(), stranger)]
      },
      "one on the token's blacklist": async () => {
        await world.mined(world.testUsdc.write.setBlacklisted([world.stranger.address, true], as(world.deployer)))
        return [await attempt(await judged(), world.stranger)]
      },
      'anyone, while the token is paused': async () => {
        const id = await judged()
        await world.mined(world.testUsdc.write.setPaused([true], as(world.deployer)))
        return [await attempt(id, world.stranger)]
      },
      'anyone, once the token takes a fee': () => feeCase(),
      'anyone, where the quorum names no other': async () => {
        const id = await submitVerdict(world, await fundedOrder(world))
        await rejectsWith(world.disputes.simulate.appeal([id]), 'NoAppeal', [id, 0])
        return [await attempt(id, world.stranger)]
      },
    }
    const attempt = (id: Hex, { account }: Actor) => revertName(world.disputes.simulate.appeal([id], { account }))

    for (const [appellant, expected] of Object.entries(APPELLANTS)) {
      it(`${appellant} → ${expected}`, async () => {
        for (const result of await cases[appellant as Appellant]()) assert.equal(result, expected)
      })
    }

    async function feeCase(): Promise<string[]> {
      await using odd = await openWorld({ tokenName: 'FeeUsdc' })
      const { quorumId } = await createBench(odd, odd.validators, 0)
      const court = await createBench(odd, odd.validators.slice(0, 3), quorumId)
      const id = await submitVerdict(odd, await fundedOrder(odd, { quorumId: court.quorumId }), {}, court)
      await approveBonds(odd, [odd.stranger])
      await odd.mined(odd.oddToken.write.setFee([1n], as(odd.deployer)))
      const call = odd.disputes.simulate.appeal([id], { account: odd.stranger.account })
      await rejectsWith(call, 'ShortTransfer', [2_499_999n, 2_500_000n])
      return [await revertName(odd.disputes.simulate.appeal([id], { account: odd.stranger.account }))]
    }

    it('is the table in the README', async () => {
      const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
      assert.ok(withoutPadding(readme).includes(`\n\n${renderAppellants()}\n\n`), renderAppellants())
    })
  })

  it('that are refused leave the verdict as it was', async () => {
    const id = await judged()
    const before = await record(id)
    await assert.rejects(world.disputes.write.appeal([id], as(world.deployer)))
    assert.deepEqual(await record(id), before)
    assert.equal(before.appellant, zeroAddress)
    await warpToClose(world, id)
    await finalize(world, id)
  })

  it('of an appellant blacklisted meanwhile end like any other, and its credit goes where it likes', async () => {
    const { disputes, testUsdc, usdc, deployer, stranger, detector } = world
    const id = await judged()
    await appeal(world, id, stranger)
    await world.mined(testUsdc.write.setBlacklisted([stranger.address, true], as(deployer)))
    await rule(world, id, false, ladder.benches[0])
    const own = disputes.simulate.withdrawCredit([stranger.address], { account: stranger.account })
    await rejectsWithReason(own, 'Blacklistable: account is blacklisted')
    const before = await usdc.read.balanceOf([detector.address])
    await world.mined(disputes.write.withdrawCredit([detector.address], as(stranger)))
    assert.equal(await usdc.read.balanceOf([detector.address]), before + BONDS[0])
  })
})
