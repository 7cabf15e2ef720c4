import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { usdc } from '@assay/protocol'
import fc from 'fast-check'
import { splitSlash } from './split-slash.ts'

describe('splitSlash', () => {
  it('gives 40 % to the detector, 10 % to the client and the rest to the fund', () => {
    assert.deepEqual(splitSlash(usdc(10_000_000n)), {
      detectorUsdc: 4_000_000n,
      clientUsdc: 1_000_000n,
      fundUsdc: 5_000_000n,
    })
  })

  it('leaves the dust in the fund and loses nothing', () => {
    assert.deepEqual(splitSlash(usdc(9n)), { detectorUsdc: 3n, clientUsdc: 0n, fundUsdc: 6n })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (amount) => {
        const { detectorUsdc, clientUsdc, fundUsdc } = splitSlash(usdc(amount))
        assert.equal(detectorUsdc + clientUsdc + fundUsdc, amount)
        assert.ok(2n * (detectorUsdc + clientUsdc) <= amount)
      }),
    )
  })
})
