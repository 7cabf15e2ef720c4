import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maxUsdc, usdc } from '@assay/protocol'
import fc from 'fast-check'
import { chainSlashCap, validatorSlash, type ValidatorSlashInput } from './validator-slash.ts'

const unit = 1_000_000n
const slash = (change: Partial<ValidatorSlashInput> = {}): bigint =>
  validatorSlash({
    offence: 'outvoted',
    priorFaults: 0,
    stakeUsdc: usdc(100n * unit),
    auditFeeUsdc: usdc(unit / 10n),
    maxAmount: usdc(10n * unit),
    ...change,
  })
const money = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(usdc)

describe('validatorSlash', () => {
  it('takes a tenth of the stake from who is outvoted first, then half, then all', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 50].map((priorFaults) => slash({ priorFaults })),
      [10n * unit, 50n * unit, 100n * unit, 100n * unit, 100n * unit],
    )
  })

  it('takes a hundred audit fees at least from who is outvoted, so that leaving under a new name does not pay', () => {
    const auditFeeUsdc = usdc(unit / 2n)
    assert.deepEqual(
      [0, 1, 2].map((priorFaults) => slash({ priorFaults, auditFeeUsdc })),
      [50n * unit, 50n * unit, 100n * unit],
    )
    assert.equal(slash({ auditFeeUsdc: usdc(2n * unit) }), 100n * unit, 'all there is')
  })

  it('takes a hundred audit fees from who never opens, however often', () => {
    assert.equal(slash({ offence: 'unopened' }), 10n * unit)
    assert.equal(slash({ offence: 'unopened', priorFaults: 5 }), 10n * unit)
    assert.equal(slash({ offence: 'unopened', stakeUsdc: usdc(3n) }), 3n)
  })

  it('never takes more than the stake, nor than the chain does', () => {
    assert.equal(slash({ stakeUsdc: usdc(10n ** 12n), maxAmount: usdc(7n) }), 2_100n)
    const offence = fc.constantFrom('outvoted' as const, 'unopened' as const)
    const amounts = { stakeUsdc: money, auditFeeUsdc: money, maxAmount: money }
    const inputs = fc.record({ offence, priorFaults: fc.nat(9), ...amounts })
    fc.assert(
      fc.property(inputs, (input) => {
        const { stakeUsdc, maxAmount } = input
        const taken = slash(input)
        assert.ok(taken <= stakeUsdc && taken <= chainSlashCap(maxAmount) && taken >= 0n)
      }),
    )
  })
})

describe('chainSlashCap', () => {
  it('is three hundred times the order, within what an amount can hold', () => {
    assert.equal(chainSlashCap(usdc(2n)), 600n)
    assert.equal(chainSlashCap(maxUsdc), maxUsdc)
  })
})
