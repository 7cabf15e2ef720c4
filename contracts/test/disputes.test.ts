import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Address, type Hex, concatHex, decodeEventLog, sliceHex, zeroAddress } from 'viem'

import { disputesAbi } from '../../packages/chain/src/abi/disputes.ts'
import { type SomeVerdict, orderIdOf, signAll, someTerms, withHighS } from './support/messages.ts'
import { type FundedOrder, fundedOrder } from './support/orders.ts'
import { rejectsWith, rejectsWithReason } from './support/rejects.ts'
import { auditProof, commitProof, signVerdict, someVerdict, verdictDigest } from './support/verdicts.ts'
import {
  APPEAL_WINDOW,
  type Actor,
  DAY,
  PROVIDER_STAKE,
  UNBONDING_DELAY,
  USDC,
  VALIDATOR_STAKE,
  type World,
  as,
  byAddress,
  createActor,
  openWorld,
  withSecondEscrow,
} from './support/world.ts'

describe('disputes', () => {
  let world: World
  let provider: Actor
  let validator: Actor
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    provider = world.providers[0] as Actor
    validator = world.validators[4] as Actor
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const argsFor = async (order: FundedOrder, verdict: SomeVerdict) =>
    [verdict, order.terms, await commitProof(world, verdict), await signVerdict(world, verdict)] as const
  const attempt = async (order: FundedOrder, verdict: SomeVerdict) =>
    world.disputes.simulate.submitVerdict(await argsFor(order, verdict))
  const idOf = ({ orderId, shard, attempt: n, accused, outcome }: SomeVerdict) =>
    world.disputes.read.verdictIdOf([orderId, shard, n, accused, outcome])

  async function submitted(verdictChanges: Partial<SomeVerdict> = {}) {
    const order = await fundedOrder(world)
    const verdict = someVerdict(world, order, verdictChanges)
    const args = await argsFor(order, verdict)
    const receipt = await world.mined(world.disputes.write.submitVerdict(args, as(world.stranger)))
    return { order, verdict, args, receipt, id: await idOf(verdict) }
  }

  describe('a verdict on a provider', () => {
    it('is recorded with the client of the order, and starts the appeal window', async () => {
      const { verdict, receipt, id } = await submitted()
      const record = await world.disputes.read.verdictOf([id])
      const closesAt = (await world.now()) + APPEAL_WINDOW
      assert.deepEqual(record, {
        status: 1,
        outcome: 1,
        guilty: true,
        round: 0,
        closesAt,
        slash: verdict.slash,
        collected: 0n,
        quorumId: 1,
        accused: verdict.accused,
        bond: 0n,
        benchId: 1,
        detector: verdict.detector,
        client: world.client.address,
        appellant: zeroAddress,
      })
      const [log] = receipt.logs
      assert.ok(log)
      const event = decodeEventLog({ abi: disputesAbi, data: log.data, topics: log.topics })
      assert.equal(event.eventName, 'VerdictSubmitted')
      assert.deepEqual(event.args.verdict, verdict)
    })

    it('slashes after the window, by anyone, once, and splits 40/10/50', async () => {
      const { disputes, stakes, usdc, client, detector, stranger } = world
      const { id } = await submitted()
      const { closesAt } = await disputes.read.verdictOf([id])
      await world.warp(closesAt - 1)
      await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'TooEarly', [BigInt(closesAt)])
      await world.warp(closesAt)
      await world.mined(disputes.write.finalizeVerdict([id], as(stranger)))

      assert.equal((await stakes.read.operator([provider.address])).active, PROVIDER_STAKE - 10n * USDC)
      assert.equal(await disputes.read.credit([detector.address]), 4n * USDC)
      assert.equal(await disputes.read.credit([client.address]), USDC)
      assert.equal(await disputes.read.fundBalance(), 5n * USDC)
      assert.equal(await usdc.read.balanceOf([disputes.address]), 10n * USDC)
      assert.equal((await disputes.read.verdictOf([id])).status, 3)
      await rejectsWith(disputes.simulate.finalizeVerdict([id]), 'VerdictClosed', [id])
    })

    it('takes all there is when there is less, and rounds shares down', async () => {
      const { disputes } = world
      await world.mined(world.stakes.write.requestUnbond([PROVIDER_STAKE - 19n], as(provider)))
      await world.warp((await world.now()) + UNBONDING_DELAY)
      await world.mined(world.stakes.write.finishUnbond([provider.address], as(provider)))
      const { id } = await submitted()
      await world.warp((await world.now()) + APPEAL_WINDOW)
      await world.mined(disputes.write.finalizeVerdict([id], as(world.stranger)))
      assert.equal(await disputes.read.credit([world.detector.address]), 7n)
      assert.equal(await disputes.read.credit([world.client.address]), 1n)
      assert.equal(await disputes.read.fundBalance(), 11n)
    })

    it('reaches stake that began to leave before it', async () => {
      const { disputes, stakes } = world
      await world.mined(stakes.write.requestUnbond([PROVIDER_STAKE], as(provider)))
      const { id } = await submitted()
      await world.warp((await world.now()) + APPEAL_WINDOW)
      await world.mined(disputes.write.finalizeVerdict([id], as(world.stranger)))
      assert.equal((await stakes.read.operator([provider.address])).unbonding, PROVIDER_STAKE - 10n * USDC)
    })

    it('pays out by pull, to its owners only', async () => {
      const { disputes, usdc, detector, client, stranger } = world
      const { id } = await submitted()
      await world.warp((await world.now()) + APPEAL_WINDOW)
      await world.mined(disputes.write.finalizeVerdict([id], as(stranger)))
      const before = await usdc.read.balanceOf([stranger.address])
      await world.mined(disputes.write.withdrawCredit([stranger.address], as(detector)))
      await world.mined(disputes.write.withdrawCredit([stranger.address], as(client)))
      assert.equal(await usdc.read.balanceOf([stranger.address]), before + 5n * USDC)
      for (const actor of [detector, client, stranger, world.deployer]) {
        const again = disputes.simulate.withdrawCredit([actor.address], { account: actor.account })
        await rejectsWith(again, 'NothingToWithdraw')
      }
      assert.equal(await usdc.read.balanceOf([disputes.address]), await disputes.read.fundBalance())
    })

    it('is stopped by nobody but the token, and goes on afterwards', async () => {
      const { disputes, testUsdc, deployer } = world
      const { id } = await submitted()
      await world.warp((await world.now()) + APPEAL_WINDOW)
      await world.mined(testUsdc.write.setPaused([true], as(deployer)))
      await rejectsWithReason(disputes.simulate.finalizeVerdict([id]), 'Pausable: paused')
      await world.mined(testUsdc.write.setPaused([false], as(deployer)))
      await world.mined(disputes.write.finalizeVerdict([id], as(deployer)))
    })

    it('is passed once per order, shard, attempt and accused', async () => {
      const { order, verdict, id } = await submitted()
      await rejectsWith(attempt(order, verdict), 'VerdictExists', [id])
      await rejectsWith(attempt(order, { ...verdict, slash: 1n }), 'VerdictExists', [id])
      await attempt(order, { ...verdict, attempt: 1 })
      await attempt(order, { ...verdict, shard: 4 })
    })

    it('needs the right kind, an amount, a detector and an operator', async () => {
      const order = await fundedOrder(world)
      const verdict = someVerdict(world, order)
      const stranger = world.stranger
      await rejectsWith(attempt(order, { ...verdict, outcome: 2 }), 'BadOutcome', [2])
      await rejectsWith(attempt(order, { ...verdict, outcome: 0 }), 'BadOutcome', [0])
      await rejectsWith(attempt(order, { ...verdict, slash: 0n }), 'ZeroSlash')
      await rejectsWith(attempt(order, { ...verdict, detector: zeroAddress }), 'ZeroDetector')
      await rejectsWith(attempt(order, { ...verdict, detector: provider.address }), 'DetectorIsAccused')
      const outsider = { ...verdict, accused: stranger.address }
      const proof = await commitProof(world, outsider, stranger)
      const call = world.disputes.simulate.submitVerdict([
        outsider,
        order.terms,
        proof,
        await signVerdict(world, outsider),
      ])
      await rejectsWith(call, 'NotOperator', [stranger.address])
    })

    it("needs a funded order and the order's own quorum", async () => {
      const { quorums } = world
      const order = await fundedOrder(world)
      const verdict = someVerdict(world, order)
      const otherTerms = await someTerms(world)
      const otherId = orderIdOf(world, otherTerms)
      await rejectsWith(attempt({ terms: otherTerms, id: otherId }, verdict), 'WrongOrder', [otherId, order.id])
      const unfunded = { terms: otherTerms, id: otherId }
      await rejectsWith(attempt(unfunded, someVerdict(world, unfunded)), 'OrderUnknown', [otherId])
      const members = world.validators.map(({ address }) => address)
      await world.mined(quorums.write.createQuorum([members, 3, 0], as(world.stranger)))
      await rejectsWith(attempt(order, { ...verdict, quorumId: 2 }), 'WrongQuorum', [2, 1])
    })

    it('takes 300 times what the order could cost at most', async () => {
      const order = await fundedOrder(world, { maxAmount: 3n })
      await attempt(order, someVerdict(world, order, { slash: 900n }))
      const over = attempt(order, someVerdict(world, order, { slash: 901n }))
      await rejectsWith(over, 'SlashOverCap', [901n, 900n])
      const most = attempt(order, someVerdict(world, order, { slash: 2n ** 64n - 1n }))
      await rejectsWith(most, 'SlashOverCap', [2n ** 64n - 1n, 900n])
    })

    it('may be on a job of a tab, once its client has had one with that aggregator', async () => {
      const { escrow, client, stranger } = world
      const terms = await someTerms(world)
      const job = { terms, id: orderIdOf(world, terms) }
      const verdict = someVerdict(world, job)
      const topUp = (whose: Address, aggregator: Address) =>
        world.mined(escrow.write.topUpTab([whose, aggregator, USDC], as(client)))
      await rejectsWith(attempt(job, verdict), 'OrderUnknown', [job.id])
      await topUp(client.address, stranger.address)
      await topUp(stranger.address, terms.aggregator)
      await rejectsWith(attempt(job, verdict), 'OrderUnknown', [job.id])
      await topUp(client.address, terms.aggregator)
      await attempt(job, verdict)

      // The client takes everything back, and had a tab nevertheless.
      await world.mined(escrow.write.startTabExit([terms.aggregator, USDC], as(client)))
      const { exitAt } = await escrow.read.tab([client.address, terms.aggregator])
      const late = await someTerms(world, { refundAt: exitAt + DAY })
      await world.warp(exitAt)
      await world.mined(escrow.write.finishTabExit([client.address, terms.aggregator], as(stranger)))
      assert.equal((await escrow.read.tab([client.address, terms.aggregator])).deposited, 0n)
      const later = { terms: late, id: orderIdOf(world, late) }
      await attempt(later, someVerdict(world, later))
    })

    it('is brought by anyone', async () => {
      const order = await fundedOrder(world)
      const args = await argsFor(order, someVerdict(world, order))
      for (const { account } of [provider, validator, world.client, world.aggregator, world.detector, world.stranger]) {
        await world.disputes.simulate.submitVerdict(args, { account })
      }
    })

    it('comes within three days of refundAt, and not later', async () => {
      const order = await fundedOrder(world)
      const last = order.terms.refundAt + 3 * DAY
      await world.warp(last)
      await attempt(order, someVerdict(world, order))
      await world.warp(last + 1)
      await rejectsWith(attempt(order, someVerdict(world, order)), 'TooLate', [BigInt(last)])
    })

    it('is not needed on an order without a quorum', async () => {
      const order = await fundedOrder(world, { quorumId: 0 })
      await rejectsWith(attempt(order, someVerdict(world, order, { quorumId: 0 })), 'QuorumUnknown', [0])
    })

    it("needs the accused's own signature for this very attempt", async () => {
      const order = await fundedOrder(world)
      const verdict = someVerdict(world, order)
      const signatures = await signVerdict(world, verdict)
      const submit = (proof: Awaited<ReturnType<typeof commitProof>>) =>
        world.disputes.simulate.submitVerdict([verdict, order.terms, proof, signatures])
      const good = await commitProof(world, verdict)
      await submit(good)
      await rejectsWith(submit(await commitProof(world, verdict, world.stranger)), 'NotInvolved', [provider.address])
      await rejectsWith(submit({ ...good, sealedHash: good.commitment }), 'NotInvolved')
      await rejectsWith(submit({ ...good, signature: withHighS(good.signature) }), 'NotInvolved')
      await rejectsWith(submit({ ...good, signature: '0x' }), 'NotInvolved')
      await rejectsWith(submit(await commitProof(world, { ...verdict, shard: 4 })), 'NotInvolved')
      await rejectsWith(submit(await commitProof(world, { ...verdict, attempt: 1 })), 'NotInvolved')
      const other = await fundedOrder(world)
      await rejectsWith(submit(await commitProof(world, someVerdict(world, other))), 'NotInvolved')
    })

    it('needs its quorum', async () => {
      const order = await fundedOrder(world)
      const verdict = someVerdict(world, order)
      const proof = await commitProof(world, verdict)
      const submit = (signatures: Hex) =>
        world.disputes.simulate.submitVerdict([verdict, order.terms, proof, signatures])
      const digest = verdictDigest(world, verdict)
      const good = await signAll(digest, world.validators.slice(0, 3))
      await submit(good)
      await rejectsWith(submit('0x'), 'QuorumNotMet', [0n, 3n])
      await rejectsWith(submit(sliceHex(good, 0, 130)), 'QuorumNotMet', [2n, 3n])
      await rejectsWith(submit(concatHex([sliceHex(good, 0, 130), sliceHex(good, 65, 130)])), 'SignersNotSorted')
      const outsiders = ['a', 'b', 'c'].map(createActor).toSorted(byAddress)
      await rejectsWith(submit(await signAll(digest, outsiders)), 'NotMember')
      await rejectsWith(
        submit(await signAll(verdictDigest(world, { ...verdict, slash: 1n }), world.validators.slice(0, 3))),
        /NotMember|SignersNotSorted/,
      )
    })

    it('binds the escrow, so a verdict of another market is refused', async () => {
      const order = await fundedOrder(world)
      const verdict = someVerdict(world, order)
      const elsewhere = await withSecondEscrow(world)
      const proof = await commitProof(world, verdict)
      const foreign = await signVerdict(elsewhere, verdict)
      const call = world.disputes.simulate.submitVerdict([verdict, order.terms, proof, foreign])
      await rejectsWith(call, /NotMember|SignersNotSorted/)
    })
  })

  describe('a verdict on a validator', () => {
    const onValidator = (order: FundedOrder) => someVerdict(world, order, { accused: validator.address, outcome: 2 })
    const submit = async (order: FundedOrder, verdict: SomeVerdict, proof?: Awaited<ReturnType<typeof auditProof>>) =>
      [verdict, order.terms, proof ?? (await auditProof(world, verdict)), await signVerdict(world, verdict)] as const

    it('slashes on the audit that the validator signed', async () => {
      const { disputes, stakes, stranger } = world
      const order = await fundedOrder(world)
      const verdict = onValidator(order)
      await world.mined(disputes.write.submitValidatorVerdict(await submit(order, verdict), as(stranger)))
      await world.warp((await world.now()) + APPEAL_WINDOW)
      await world.mined(disputes.write.finalizeVerdict([await idOf(verdict)], as(stranger)))
      assert.equal((await stakes.read.operator([validator.address])).active, VALIDATOR_STAKE - 10n * USDC)
    })

    it('has an id of its own: one operator may fail as provider and as validator of an attempt', async () => {
      const { order, id } = await submitted()
      const both = someVerdict(world, order, { accused: provider.address, outcome: 2 })
      const proof = await auditProof(world, both, provider)
      const args = await submit(order, both, proof)
      await world.mined(world.disputes.write.submitValidatorVerdict(args, as(world.stranger)))
      const other = await idOf(both)
      assert.notEqual(id, other)
      await rejectsWith(world.disputes.simulate.submitValidatorVerdict(args), 'VerdictExists', [other])
      assert.equal((await world.stakes.read.exposure([provider.address])).holds, 2)
    })

    it('may judge provider and validator of the same attempt', async () => {
      const { order } = await submitted()
      await world.disputes.simulate.submitValidatorVerdict(await submit(order, onValidator(order)))
    })

    it('cannot use an audit from another order, or a commitment copied into this one', async () => {
      const { disputes } = world
      const honest = await fundedOrder(world)
      const trap = await fundedOrder(world)
      const signedThere = await auditProof(world, onValidator(honest))
      const verdict = onValidator(trap)
      await rejectsWith(
        disputes.simulate.submitValidatorVerdict(await submit(trap, verdict, signedThere)),
        'NotInvolved',
        [validator.address],
      )
    })

    it('needs the validator itself, the round and the opening as they were', async () => {
      const { disputes } = world
      const order = await fundedOrder(world)
      const verdict = onValidator(order)
      const good = await auditProof(world, verdict)
      const attempts = [
        await auditProof(world, verdict, world.stranger),
        { ...good, round: 2 },
        { ...good, salt: good.resultRoot },
        { ...good, provider: world.stranger.address },
        { ...good, auditCommitment: good.salt },
      ]
      for (const proof of attempts) {
        await rejectsWith(disputes.simulate.submitValidatorVerdict(await submit(order, verdict, proof)), 'NotInvolved')
      }
      const wrongKind = { ...verdict, outcome: 1 }
      await rejectsWith(disputes.simulate.submitValidatorVerdict(await submit(order, wrongKind)), 'BadOutcome', [1])
    })
  })

  it('knows no verdict that was never submitted', async () => {
    const never = `0x${'12'.repeat(32)}` as const
    await rejectsWith(world.disputes.simulate.finalizeVerdict([never]), 'VerdictUnknown', [never])
    assert.equal((await world.disputes.read.verdictOf([never])).status, 0)
  })
})

describe('disputes without an appeal window', () => {
  it('can be carried out in the same second', async () => {
    await using world = await openWorld({ appealWindow: 0 })
    const order = await fundedOrder(world)
    const verdict = someVerdict(world, order)
    const args = [verdict, order.terms, await commitProof(world, verdict), await signVerdict(world, verdict)] as const
    await world.mined(world.disputes.write.submitVerdict(args, as(world.stranger)))
    const id = await world.disputes.read.verdictIdOf([
      verdict.orderId,
      verdict.shard,
      verdict.attempt,
      verdict.accused,
      verdict.outcome,
    ])
    await world.mined(world.disputes.write.finalizeVerdict([id], as(world.stranger)))
    assert.equal((await world.disputes.read.verdictOf([id])).status, 3)
  })
})
