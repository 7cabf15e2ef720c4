import assert from 'node:assert/strict'
import { it } from 'node:test'
import { basisPoints, usdc, type ShardSpec } from '@assay/protocol'
import fc from 'fast-check'
import { orderAmount } from './order-amount.ts'

const shard: ShardSpec = { name: 'a', args: [], inputs: [] }

it('reserves all shards, the audit budget and the fee on both, rounded up', () => {
  const spec = { priceUsdc: usdc(333_333n), auditBudgetUsdc: usdc(10_001n), shards: [shard, shard, shard] }
  assert.deepEqual(orderAmount(spec, basisPoints(250)), {
    shardsUsdc: 999_999n,
    auditBudgetUsdc: 10_001n,
    feeUsdc: 25_250n,
    maxUsdc: 1_035_250n,
  })
  const amount = fc.bigInt({ min: 0n, max: 2n ** 50n })
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 500 }), (p, b, n, bps) => {
      const shards = Array.from({ length: n }, () => shard)
      const got = orderAmount({ priceUsdc: usdc(p), auditBudgetUsdc: usdc(b), shards }, basisPoints(bps))
      assert.equal(got.maxUsdc, got.shardsUsdc + got.auditBudgetUsdc + got.feeUsdc)
      assert.ok(got.feeUsdc * 10_000n >= (got.maxUsdc - got.feeUsdc) * BigInt(bps))
    }),
  )
})
