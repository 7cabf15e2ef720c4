import assert from 'node:assert/strict'
import { it } from 'node:test'
import { usdc } from '@assay/protocol'
import fc from 'fast-check'
import { exposureRoom } from './exposure.ts'

it('leaves half of the stake, rounded down, less what is unsettled', () => {
  assert.equal(exposureRoom(usdc(101n), usdc(0n)), 50n)
  assert.equal(exposureRoom(usdc(101n), usdc(50n)), 0n)
  assert.equal(exposureRoom(usdc(101n), usdc(51n)), 0n)
  const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  fc.assert(
    fc.property(amount, amount, (stake, unsettled) => {
      const room = exposureRoom(usdc(stake), usdc(unsettled))
      assert.ok(room >= 0n && (room === 0n || 2n * (unsettled + room) <= stake))
    }),
  )
})
