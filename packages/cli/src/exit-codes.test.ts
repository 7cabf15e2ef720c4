import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorCodes, MarketError, type ErrorCode } from '@assay/protocol'
import { exitCodeOf, exitCodes } from './exit-codes.ts'

const exitOf = (code: ErrorCode): number => exitCodeOf(new MarketError(code, 'a message'))

describe('exitCodeOf', () => {
  const cases: readonly (readonly [ErrorCode, number])[] = [
    ['job-incomplete', exitCodes.incomplete],
    ['spec-invalid', exitCodes.refused],
    ['image-unknown', exitCodes.refused],
    ['input-missing', exitCodes.refused],
    ['cap-exceeded', exitCodes.refused],
    ['balance-insufficient', exitCodes.refused],
    ['config-invalid', exitCodes.refused],
    ['keystore-invalid', exitCodes.refused],
    ['unauthorized', exitCodes.refused],
    ['job-unknown', exitCodes.refused],
    ['no-providers', exitCodes.unavailable],
    ['market-unreachable', exitCodes.unavailable],
    ['rpc-unavailable', exitCodes.unavailable],
    ['beacon-unavailable', exitCodes.unavailable],
    ['receipt-invalid', exitCodes.invalid],
    ['result-invalid', exitCodes.invalid],
    ['docker-unavailable', exitCodes.docker],
    ['docker-permission', exitCodes.docker],
    ['internal', exitCodes.internal],
    ['cancelled', exitCodes.cancelled],
  ]
  for (const [code, exit] of cases) it(`ends with ${exit} for ${code}`, () => assert.equal(exitOf(code), exit))

  it('has a status of failure for every code, and never that of bad arguments', () => {
    const known = new Set<number>(Object.values(exitCodes))
    for (const code of errorCodes) {
      assert.ok(known.has(exitOf(code)), code)
      assert.notEqual(exitOf(code), exitCodes.ok, code)
      assert.notEqual(exitOf(code), exitCodes.usage, code)
    }
  })

  it('says "try later" of what can succeed later, unless the code has a status of its own', () => {
    const own = new Set<ErrorCode>(['docker-unavailable'])
    for (const code of errorCodes)
      if (new MarketError(code, '').retryable && !own.has(code)) assert.equal(exitOf(code), exitCodes.unavailable, code)
  })

  it('has no status twice', () => {
    const all = Object.values(exitCodes)
    assert.equal(new Set(all).size, all.length)
  })
})
