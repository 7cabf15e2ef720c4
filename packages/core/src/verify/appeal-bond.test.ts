import assert from 'node:assert/strict'
import { it } from 'node:test'
import { maxUsdc, usdc } from '@assay/protocol'
import { appealBond } from './appeal-bond.ts'

it('asks a quarter of the slash, rounded up, and twice as much for every further appeal', () => {
  assert.deepEqual(
    [0, 1, 2].map((appeals) => appealBond(usdc(10n), appeals)),
    [3n, 5n, 10n],
  )
  assert.equal(appealBond(maxUsdc, 3), maxUsdc)
})
