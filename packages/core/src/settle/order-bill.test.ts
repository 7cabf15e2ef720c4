import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, basisPoints, sumUsdc, usdc, type Address, type ShardSpec, type SignedCommit } from '@assay/protocol'
import { named } from '@assay/testkit'
import fc from 'fast-check'
import type { CommitJudgement, ShardJudgement } from '../verify/shard-judgement.ts'
import { orderAmount } from './order-amount.ts'
import { orderBill } from './order-bill.ts'

const who = (n: number): Address => asAddress(`0x${n.toString(16).padStart(40, '0')}`)

/** A shard with one commit, accepted or not, and the validators that attested it. */
function judged(shard: number, provider: number, isPaid: boolean, paid: readonly number[]): ShardJudgement {
  const commit: SignedCommit = {
    orderId: named('order'),
    shard,
    attempt: 1,
    provider: who(provider),
    commitment: named(`commitment ${shard}`),
    sealedHash: named('sealed'),
    signature: named('unused'),
  }
  const one: CommitJudgement = {
    commit,
    ratePpm: 1_000_000 as never,
    sampled: true,
    verdict: isPaid ? 'passed' : 'provider-fault',
    audit: undefined,
    detector: undefined,
    validatorsAtFault: [],
    paid: paid.map(who),
  }
  return { shard, accepted: isPaid ? one : undefined, commits: [one] }
}
const spec = { priceUsdc: usdc(1_000_000n), auditFeeUsdc: usdc(300_000n), auditBudgetUsdc: usdc(1_000_000n) }
const amount = fc.bigInt({ min: 0n, max: 2n ** 40n })
const shardPlan = fc.record({
  provider: fc.integer({ min: 1, max: 4 }),
  isPaid: fc.boolean(),
  paid: fc.array(fc.integer({ min: 3, max: 9 }), { maxLength: 4 }),
})

describe('orderBill', () => {
  it('pays the price for each accepted shard and the fee for each attestation', () => {
    const bill = orderBill(spec, basisPoints(100), [judged(0, 1, true, [5]), judged(1, 2, false, [5, 6])])
    assert.deepEqual(bill, {
      payees: [
        { address: who(1), amount: 1_000_000n },
        { address: who(5), amount: 600_000n },
        { address: who(6), amount: 300_000n },
      ],
      shardsUsdc: 1_000_000n,
      auditsUsdc: 900_000n,
      feeUsdc: 19_000n,
      chargedUsdc: 1_919_000n,
    })
  })

  it('shares the budget evenly, rounded down, when attestations cost more', () => {
    const bill = orderBill(spec, basisPoints(0), [judged(0, 1, false, [5, 6, 7, 8, 9, 4, 3])])
    assert.deepEqual(new Set(bill.payees.map((payee) => payee.amount)), new Set([142_857n]))
    assert.equal(bill.auditsUsdc, 999_999n)
  })

  it('pays nobody for nothing', () => {
    const free = orderBill({ ...spec, auditFeeUsdc: usdc(0n) }, basisPoints(500), [judged(0, 1, false, [5])])
    assert.deepEqual([free.payees, free.chargedUsdc], [[], 0n])
    assert.equal(orderBill(spec, basisPoints(500), []).chargedUsdc, 0n)
  })

  it('conserves money: payees + fee = charged ≤ what the terms escrow, fee within its cap', () => {
    const shards = fc.array(shardPlan, { minLength: 1, maxLength: 12 })
    const points = fc.integer({ min: 0, max: 500 })
    fc.assert(
      fc.property(fc.tuple(amount, amount, amount), points, shards, ([price, fee, budget], bps, plans) => {
        const prices = { priceUsdc: usdc(price), auditFeeUsdc: usdc(fee), auditBudgetUsdc: usdc(budget) }
        const job = plans.map(({ provider, isPaid, paid }, i) => judged(i, provider, isPaid, paid))
        const bill = orderBill(prices, basisPoints(bps), job)
        const owed = sumUsdc(bill.payees.map((payee) => payee.amount))
        assert.equal(owed + bill.feeUsdc, bill.chargedUsdc)
        assert.equal(owed, bill.shardsUsdc + bill.auditsUsdc)
        assert.ok(bill.auditsUsdc <= budget)
        assert.ok(bill.feeUsdc <= (bill.chargedUsdc * BigInt(bps)) / 10_000n)
        const spec: ShardSpec = { name: 'a', args: [], inputs: [] }
        const most = orderAmount({ ...prices, shards: plans.map(() => spec) }, basisPoints(bps))
        assert.ok(bill.chargedUsdc <= most.maxUsdc)
      }),
    )
  })
})
