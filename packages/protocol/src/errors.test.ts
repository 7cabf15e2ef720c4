import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blames } from './blame.ts'
import { errorCodes, errorTable } from './error-table.ts'
import { assertBug, decodeError, encodeError, ErrorBody, isMarketError, MarketError, toMarketError } from './errors.ts'

describe('MarketError', () => {
  it('takes stage, blame, advice and retryability from its code', () => {
    for (const code of errorCodes) {
      const error = new MarketError(code, 'message')
      const { stage, blame, next, retryable } = errorTable[code]
      assert.deepEqual([error.stage, error.blame, error.next, error.retryable], [stage, blame, next, retryable])
    }
    assert.equal(new MarketError('internal', 'x', { blame: 'network' }).blame, 'network')
  })

  it('keeps its cause and survives the wire without it', () => {
    const cause = new Error('inner')
    const error = new MarketError('blob-mismatch', 'm'.repeat(3000), {
      cause,
      details: { root: '0x1', size: 3, known: true },
    })
    assert.equal(error.cause, cause)
    const back = decodeError(ErrorBody.parse(JSON.parse(JSON.stringify(encodeError(error)))))
    assert.deepEqual(
      [back.code, back.blame, back.details, back.message.length],
      [error.code, error.blame, error.details, 2000],
    )
  })

  it('is known by shape and wraps everything else as internal', () => {
    const error = new MarketError('cancelled', 'x')
    assert.equal(toMarketError(error), error)
    const foreign = Object.assign(new Error('x'), { name: 'MarketError', code: 'cancelled' })
    assert.ok(isMarketError(foreign))
    for (const other of [new Error('x'), 'text', undefined, { name: 'MarketError', code: 'cancelled' }]) {
      assert.ok(!isMarketError(other))
      assert.equal(toMarketError(other).code, 'internal')
      assert.equal(toMarketError(other).cause, other)
    }
  })

  it('stops on our own bugs', () => {
    assertBug(true, 'fine')
    assert.throws(
      () => assertBug(false, 'broken'),
      (error) => isMarketError(error) && error.code === 'internal',
    )
  })
})

describe('the table of codes', () => {
  it('has a sane row for each', () => {
    for (const [code, { status, blame, next }] of Object.entries(errorTable)) {
      assert.match(code, /^[a-z]+(-[a-z]+)*$/)
      assert.ok(status >= 400 && status <= 599, code)
      assert.ok(blames.includes(blame), code)
      assert.match(next, /^[A-Z].*\.$/s, code)
    }
  })
})
