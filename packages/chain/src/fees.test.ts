import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { assertWithinCaps, raiseFees } from './fees.ts'

const caps = { maxFeePerGas: 100n, maxTransactionFee: 1_000_000n }
const fee = fc.bigInt({ min: 0n, max: 10n ** 15n })
const fees = fc.record({ maxFeePerGas: fee, maxPriorityFeePerGas: fee })

it('allows what is exactly at both caps and refuses one wei more, saying which cap', () => {
  assertWithinCaps({ maxFeePerGas: 100n, maxPriorityFeePerGas: 1n }, 10_000n, caps)
  assert.throws(() => assertWithinCaps({ maxFeePerGas: 101n, maxPriorityFeePerGas: 1n }, 1n, caps), {
    code: 'fee-over-cap',
    details: { what: 'fee per gas', have: '100', need: '101', gas: '1' },
  })
  assert.throws(() => assertWithinCaps({ maxFeePerGas: 100n, maxPriorityFeePerGas: 1n }, 10_001n, caps), {
    code: 'fee-over-cap',
    details: { what: 'fee of the transaction', have: '1000000', need: '1000100', gas: '10001' },
  })
})

it('raises both fees by an eighth at least, never below what is asked, and never a tip above the whole', () => {
  fc.assert(
    fc.property(fees, fees, (some, asked) => {
      const last = { ...some, maxPriorityFeePerGas: min(some.maxPriorityFeePerGas, some.maxFeePerGas) }
      const raised = raiseFees(last, asked)
      assert.ok(raised.maxFeePerGas * 8n >= last.maxFeePerGas * 9n)
      assert.ok(raised.maxPriorityFeePerGas * 8n >= last.maxPriorityFeePerGas * 9n)
      assert.ok(raised.maxFeePerGas >= asked.maxFeePerGas)
      assert.ok(raised.maxPriorityFeePerGas <= raised.maxFeePerGas)
    }),
  )
  assert.deepEqual(
    raiseFees({ maxFeePerGas: 1000n, maxPriorityFeePerGas: 0n }, { maxFeePerGas: 5n, maxPriorityFeePerGas: 3n }),
    { maxFeePerGas: 1125n, maxPriorityFeePerGas: 3n },
  )
})

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
