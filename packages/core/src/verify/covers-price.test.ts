import assert from 'node:assert/strict'
import { it } from 'node:test'
import { usdc } from '@assay/protocol'
import { coversPrice } from './covers-price.ts'

it('asks for ten prices at stake, and no base unit less', () => {
  assert.equal(coversPrice(usdc(100n), usdc(10n)), true)
  assert.equal(coversPrice(usdc(99n), usdc(10n)), false)
  assert.equal(coversPrice(usdc(0n), usdc(1n)), false)
})
