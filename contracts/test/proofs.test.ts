/** One test for each cell of the table of proofs, and who gets what of a conviction. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, it } from 'node:test'

import fc from 'fast-check'
import { type BaseError, type Hex, encodeFunctionData, getContractError, toHex, zeroAddress, zeroHash } from 'viem'

import { disputesAbi } from '../../packages/chain/src/abi/disputes.ts'

import { type Charge, orderIdOf, packOrders, someBatch, someTerms, withHighS } from './support/messages.ts'
import { type FundedOrder, fundedOrder, settledOrder } from './support/orders.ts'
import { PROOF_CASES, PROOF_KINDS, type ProofCase, type ProofKind, renderProofTable } from './support/proof-table.ts'
import {
  type Claim,
  OTHER_AUDIT,
  OTHER_OPENING,
  OUTCOMES,
  PLACE,
  type Piece,
  prove,
  signBatch,
  signPiece,
  someClaim,
  tryClaim,
} from './support/proofs.ts'
import { rejectsWith } from './support/rejects.ts'
import { withoutPadding } from './support/render-grid.ts'
import { revertName } from './support/revert-name.ts'
import {
  assertSolvent,
  auditProof,
  finalize,
  signVerdict,
  someVerdict,
  submitVerdict,
  verdictIdOf,
  warpToClose,
} from './support/verdicts.ts'
import { type Actor, DAY, PROVIDER_STAKE, USDC, type World, as, openWorld } from './support/world.ts'

/** 300 times this is less than every operator has, and divides into no round shares. */
const MAX_AMOUNT = 123_457n
const SLASH = 300n * MAX_AMOUNT

describe('proofs', () => {
  let world: World
  let reset: () => Promise<void>
  before(async () => {
    world = await openWorld()
    reset = await world.snapshot()
  })
  beforeEach(() => reset())
  after(() => world[Symbol.asyncDispose]())

  const someOrder = (changes = {}) => fundedOrder(world, { maxAmount: MAX_AMOUNT, ...changes })
  const good = async (kind: ProofKind, order?: FundedOrder) => someClaim(world, kind, order ?? (await someOrder()))
  const other = () => world.providers[1] as Actor

  for (const [position, kind] of PROOF_KINDS.entries()) {
    describe(`of ${kind}`, () => {
      for (const [name, results] of Object.entries(PROOF_CASES)) {
        const expected = results[position] as string
        if (expected === '–') continue
        it(`${name} → ${expected}`, async () => {
          const claim = await build(kind, name as ProofCase)
          if (expected === 'convicted') await convicts(claim)
          else assert.equal(await revertName(tryClaim(world, claim)), expected)
          const last = claim.order.terms.refundAt + 3 * DAY
          if (name === 'the last second of the verdict window') assert.equal(await world.now(), last)
        })
      }
    })
  }

  it('are the table in the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    assert.ok(withoutPadding(readme).includes(`\n\n${renderProofTable()}\n\n`), renderProofTable())
  })

  async function convicts(claim: Claim): Promise<void> {
    const { disputes, stakes, detector, client } = world
    const { accused, order, kind } = claim
    const before = await stakes.read.exposure([accused.address])
    const credits = () => Promise.all([detector, client].map(({ address }) => disputes.read.credit([address])))
    const [detectorBefore = 0n, clientBefore = 0n] = await credits()
    const fundBefore = await disputes.read.fundBalance()
    assert.equal((await tryClaim(world, claim)).result, SLASH)
    await prove(world, claim)

    const later = await stakes.read.exposure([accused.address])
    const { convictions, slashed } = before
    assert.deepEqual([later.holds, later.claimed, later.convictions], [0, 0n, convictions + 1])
    assert.equal(later.slashed, slashed + SLASH)
    assert.equal(later.active, before.active - SLASH)
    const [detectorLater = 0n, clientLater = 0n] = await credits()
    const shares = [detectorLater - detectorBefore, clientLater - clientBefore]
    assert.deepEqual(shares, [(SLASH * 4n) / 10n, SLASH / 10n])
    assert.equal((await disputes.read.fundBalance()) - fundBefore, SLASH - (SLASH * 4n) / 10n - SLASH / 10n)
    await assertSolvent(world)

    const place = kind === 'conflicting batches' ? { shard: 0, attempt: 0 } : PLACE
    const id = verdictIdOf(someVerdict(world, order, { ...place, accused: accused.address, outcome: OUTCOMES[kind] }))
    const record = await disputes.read.verdictOf([id])
    assert.deepEqual([record.status, record.outcome, record.guilty], [3, OUTCOMES[kind], true])
    assert.deepEqual([record.slash, record.collected, record.round], [SLASH, SLASH, 0])
    assert.deepEqual(
      [record.accused, record.detector, record.client],
      [accused.address, claim.reporter, client.address],
    )
    for (const call of [disputes.simulate.finalizeVerdict([id]), disputes.simulate.appeal([id])]) {
      await rejectsWith(call, 'VerdictClosed', [id])
    }
  }

  async function build(kind: ProofKind, name: ProofCase): Promise<Claim> {
    const special = await buildOrder(kind, name)
    if (special) return special
    const claim = await good(kind)
    const { first, second, accused } = claim
    const sign = (changes = {}) => signPiece(world, claim, 'second', changes)
    switch (name) {
      case 'two that contradict each other':
        return claim
      case 'in the other order':
        return { ...claim, first: second, second: first }
      case 'the same one twice':
        return { ...claim, second: first }
      case 'one commitment, sealed twice':
        return { ...claim, second: await signPiece(world, claim, 'first', { sealedHash: OTHER_AUDIT }) }
      case 'another round':
        return { ...claim, second: await sign({ round: 2 }) }
      case "another commitment of the same provider's attempt":
        return { ...claim, second: await sign({ opening: OTHER_OPENING }) }
      case "another provider's commitment":
        return { ...claim, second: await sign({ provider: other().address }) }
      case 'one of another order':
        return { ...claim, second: (await good(kind)).second }
      case 'one of another shard':
        return { ...claim, second: await sign({ shard: 4 }) }
      case 'one of another attempt':
        return { ...claim, second: await sign({ attempt: 1 }) }
      case 'one of another operator':
        return { ...claim, second: await sign({ signer: other() }) }
      case 'one in the name of another operator':
        return { ...claim, second: await signPiece(world, { ...claim, accused: other() }, 'second') }
      case 'one that was changed':
        return { ...claim, second: changed(second) }
      case 'one with high s':
        return { ...claim, second: { ...second, signature: withHighS(second.signature) } }
      case 'one without a signature':
        return { ...claim, second: { ...second, signature: '0x' } }
      case 'the reporter is the accused':
        return { ...claim, reporter: accused.address }
      case 'the reporter is the zero address':
        return { ...claim, reporter: zeroAddress }
      case 'proved before, by others too':
        await prove(world, claim)
        return { ...claim, reporter: world.client.address, first: second, second: first }
      case 'after a verdict of the quorum for less':
        await judgeLeniently(claim)
        return claim
      default:
        return buildBatches(claim, name)
    }
  }

  /** The cases that differ in the order or in time. */
  async function buildOrder(kind: ProofKind, name: ProofCase): Promise<Claim | undefined> {
    const unfunded = async () => {
      const terms = await someTerms(world, { maxAmount: MAX_AMOUNT })
      return { terms, id: orderIdOf(world, terms) }
    }
    switch (name) {
      case 'the accused is no operator':
        return someClaim(world, kind, await someOrder(), world.stranger)
      case 'an order never funded':
        return good(kind, await unfunded())
      case 'a job on a tab': {
        const { terms, id } = await unfunded()
        const { escrow, client } = world
        await world.mined(escrow.write.topUpTab([terms.client, terms.aggregator, 1n], as(client)))
        return good(kind, { terms, id })
      }
      case 'an order without a quorum':
        return good(kind, await someOrder({ quorumId: 0 }))
      case 'an order that was refunded': {
        const order = await someOrder()
        await world.warp(order.terms.refundAt)
        await world.mined(world.escrow.write.refund([order.terms], as(world.stranger)))
        return good(kind, order)
      }
      case 'the last second of the verdict window':
      case 'a second later': {
        const order = await someOrder()
        const last = order.terms.refundAt + 3 * DAY
        // Calls see the time of the latest block, and the conviction is mined in the one after it.
        await world.warp(name === 'a second later' ? last + 1 : last - 1)
        if (name !== 'a second later') await world.rpc('evm_setNextBlockTimestamp', last)
        return good(kind, order)
      }
      default:
        return undefined
    }
  }

  /** The cases of settlements only. */
  async function buildBatches(claim: Claim, name: ProofCase): Promise<Claim> {
    const { accused, order } = claim
    const also = (await someOrder()).id
    const settle = (charges: Charge[], changes = {}) => {
      const sorted = charges.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
      const position = BigInt(sorted.findIndex(({ orderId }) => orderId === order.id))
      const batch = someBatch(world, sorted, [{ index: 6, amount: 100n }], changes)
      return signBatch(world, batch, accused, position)
    }
    const mine = (charged: bigint) => ({ orderId: order.id, charged })
    const beside = (charged: bigint) => ({ orderId: also, charged })
    const alone = await settle([mine(100n)])
    switch (name) {
      case 'charged the same, beside other orders':
        return {
          ...claim,
          first: await settle([mine(100n), beside(1n)]),
          second: await settle([mine(100n), beside(2n)]),
        }
      case 'charged the same, one of them beside other orders':
        return { ...claim, first: alone, second: await settle([mine(100n), beside(1n)]) }
      case 'charged the same, one of them beside a tab':
        return { ...claim, first: await settle([mine(100n)], { tabs: `0x${'11'.repeat(103)}` }), second: alone }
      case 'charged the same, alone, paid to others':
        return { ...claim, first: alone, second: await settle([mine(100n)], { payouts: `0x${'00'.repeat(12)}` }) }
      case 'charged differently, beside other orders':
        return {
          ...claim,
          first: await settle([mine(100n), beside(1n)]),
          second: await settle([mine(99n), beside(1n)]),
        }
      case 'a position behind the last order':
        return { ...claim, second: { ...alone, position: 1n } }
      default: {
        const torn = { ...alone.batch, orders: `${packOrders([mine(1n)])}00` as Hex }
        return { ...claim, second: await signBatch(world, torn, accused) }
      }
    }
  }

  /** One field of a statement is another than the one signed. */
  function changed(piece: Piece): Piece {
    if ('sealedHash' in piece) return { ...piece, sealedHash: OTHER_AUDIT }
    if ('auditCommitment' in piece) return { ...piece, auditCommitment: OTHER_OPENING.salt }
    return { ...piece, batch: { ...(piece['batch'] as object), fee: 1n } }
  }

  /** The order's own quorum takes a single unit for the same attempt. */
  async function judgeLeniently({ order, accused, kind }: Claim): Promise<void> {
    if (kind === 'equivocation') {
      const id = await submitVerdict(world, order, { slash: 1n })
      await warpToClose(world, id)
      await finalize(world, id)
      return
    }
    const verdict = someVerdict(world, order, { slash: 1n, outcome: 2, accused: accused.address })
    const args = [verdict, order.terms, await auditProof(world, verdict), await signVerdict(world, verdict)] as const
    await world.mined(world.disputes.write.submitValidatorVerdict(args, as(world.stranger)))
    await warpToClose(world, verdictIdOf(verdict))
    await finalize(world, verdictIdOf(verdict))
  }

  describe('of one operator', () => {
    it('count for each attempt, and once for each', async () => {
      const order = await someOrder()
      const first = await good('equivocation', order)
      await prove(world, first)
      const about = { kind: 'equivocation', order, accused: first.accused } as const
      const { proveEquivocation } = world.disputes.simulate
      for (const place of [
        { shard: 4, attempt: 0 },
        { shard: 3, attempt: 1 },
      ]) {
        const pieces = [await signPiece(world, about, 'first', place), await signPiece(world, about, 'second', place)]
        const proof = { ...place, provider: first.accused.address, first: pieces[0], second: pieces[1] }
        await proveEquivocation([proof as never, order.terms, world.detector.address])
      }
    })

    it('may be three, beside a verdict, for one attempt', async () => {
      const order = await someOrder()
      const accused = world.validators[4] as Actor
      for (const kind of PROOF_KINDS) await prove(world, await someClaim(world, kind, order, accused))
      const verdict = someVerdict(world, order, { outcome: 2, accused: accused.address })
      const args = [verdict, order.terms, await auditProof(world, verdict), await signVerdict(world, verdict)] as const
      await world.disputes.simulate.submitValidatorVerdict(args)
      assert.equal((await world.stakes.read.exposure([accused.address])).convictions, 3)
    })

    it('do not clear it of a verdict that is pending, and the stake that they leave pays for it', async () => {
      const order = await someOrder({ maxAmount: 10n * USDC })
      const id = await submitVerdict(world, order)
      await prove(world, await good('equivocation', order))
      const { active, holds, convictions } = await world.stakes.read.exposure([(world.providers[0] as Actor).address])
      assert.deepEqual([active, holds, convictions], [0n, 1, 1])
      await warpToClose(world, id)
      await finalize(world, id)
      assert.equal(await world.disputes.read.fundBalance(), PROVIDER_STAKE / 2n)
    })

    it('take what is leaving first, and all there is at most', async () => {
      const provider = world.providers[0] as Actor
      await world.mined(world.stakes.write.requestUnbond([SLASH - 1n], as(provider)))
      await prove(world, await good('equivocation'))
      const { active, unbonding, unbondAt } = await world.stakes.read.exposure([provider.address])
      assert.deepEqual([active, unbonding, unbondAt], [PROVIDER_STAKE - SLASH, 0n, 0])
      const rest = await good('equivocation', await someOrder({ maxAmount: USDC }))
      assert.equal((await tryClaim(world, rest)).result, PROVIDER_STAKE - SLASH)
    })
  })

  it('of settlements read no record behind the last, whatever stands there', async () => {
    const claim = await good('conflicting batches')
    const { accused, order, first, reporter } = claim
    const record = packOrders([{ orderId: order.id, charged: 5n }])
    const empty = someBatch(world, [], [{ index: 6, amount: 5n }], { orders: '0x' })
    const signed = await signBatch(world, empty, accused)
    // The record is in the calldata, behind order records of length 0, which is what was signed.
    const shown = { ...signed, batch: { ...empty, orders: record } }
    const args = [accused.address, first as never, shown, order.terms, reporter] as const
    const data = encodeFunctionData({ abi: disputesAbi, functionName: 'proveConflictingBatches', args })
    const length = (bytes: number) => toHex(bytes, { size: 32 }).slice(2)
    const forged = data.replace(length(40) + record.slice(2), length(0) + record.slice(2)) as Hex
    assert.notEqual(forged, data)
    const { account } = world.stranger
    const call = world.publicClient.call({ account, to: world.disputes.address, data: forged })
    await rejectsWith(decoded(call), 'WrongOrder', [zeroHash, order.id])
  })

  /** A raw call that reverts as one of the contract object would. */
  const decoded = (call: Promise<unknown>) =>
    call.catch((error: unknown) => {
      const cause = error as BaseError
      const about = { abi: disputesAbi, args: [], functionName: 'proveConflictingBatches' }
      throw getContractError(cause, about) as Error
    })

  it('of two settlements that were both made stand after the order is settled', async () => {
    const order = await settledOrder(world, [{ index: 6, amount: 100n }], { maxAmount: MAX_AMOUNT })
    await convicts(await good('conflicting batches', order))
  })

  it('bound the slash at 300 times what the order could cost, and never overflow', async () => {
    const { disputes } = world
    assert.equal(await disputes.read.SLASH_MULTIPLE(), 300n)
    const most = 2n ** 64n - 1n
    assert.equal(await disputes.read.slashCapOf([most / 300n]), (most / 300n) * 300n)
    for (const amount of [most / 300n + 1n, most]) assert.equal(await disputes.read.slashCapOf([amount]), most)
  })
})

describe('shares of a slash', () => {
  it('of any amount are 40 and 10 percent, rounded down, and the rest to the unit', async () => {
    await using world = await openWorld({ appealWindow: 0 })
    const { disputes, detector, client, stakes, testUsdc } = world
    const provider = world.providers[0] as Actor
    await world.mined(testUsdc.write.mint([provider.address, 1_000_000n * USDC], as(provider)))
    await world.mined(stakes.write.stake([1_000_000n * USDC], as(provider)))
    const amount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 9_999n * USDC))
    const property = fc.asyncProperty(amount, async (slash) => {
      const order = await fundedOrder(world, { maxAmount: 50n * USDC })
      const look = async () => [
        await disputes.read.credit([detector.address]),
        await disputes.read.credit([client.address]),
        await disputes.read.fundBalance(),
      ]
      const earlier = await look()
      const id = await submitVerdict(world, order, { slash })
      await world.warp((await world.now()) + DAY)
      await finalize(world, id)
      const [toDetector = 0n, toClient = 0n, toFund = 0n] = (await look()).map((now, i) => now - (earlier[i] ?? 0n))
      assert.deepEqual([toDetector, toClient], [(slash * 4_000n) / 10_000n, (slash * 1_000n) / 10_000n])
      assert.equal(toDetector + toClient + toFund, slash)
      assert.ok((toDetector + toClient) * 2n <= slash)
      await assertSolvent(world)
    })
    await fc.assert(property, { seed: 7, numRuns: 60 })
  })
})
