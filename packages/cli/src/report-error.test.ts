import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ErrorBody, errorCodes, errorTable, MarketError } from '@assay/protocol'
import { createTestIo } from '../test/test-io.ts'
import { exitCodes } from './exit-codes.ts'
import { describeError, reportError } from './report-error.ts'

const error = new MarketError('cap-exceeded', 'the quote is higher than the cap', {
  details: { capUsdc: '1', quoteUsdc: '2.5' },
})

describe('describeError', () => {
  it('says what failed, with its facts, whose fault it was, what to do and where to read on', () => {
    assert.deepEqual(describeError(error), [
      'error cap-exceeded: the quote is higher than the cap',
      '    capUsdc: 1',
      '    quoteUsdc: 2.5',
      '  stage quote, fault of the client',
      '  next: Raise the spending cap or shrink the job; nothing was paid.',
      '  docs/errors.md#cap-exceeded',
    ])
  })

  it('has a next step and a page for every code', () => {
    for (const code of errorCodes) {
      const lines = describeError(new MarketError(code, 'a message'))
      assert.ok(lines.includes(`  next: ${errorTable[code].next}`), code)
      assert.equal(lines.at(-1), `  docs/errors.md#${code}`)
    }
  })

  it('takes the blame of the error before that of the table', () => {
    const lines = describeError(new MarketError('attempt-exit-nonzero', 'failed', { blame: 'provider' }))
    assert.ok(lines.includes('  stage execute, fault of the provider'))
  })
})

describe('reportError', () => {
  it('writes to standard error alone, so that a pipe carries results only', () => {
    const io = createTestIo()
    assert.equal(reportError(io, error, false), exitCodes.refused)
    assert.deepEqual(io.outLines, [])
    assert.deepEqual(io.errLines, describeError(error))
  })

  it('writes one JSON object with --json, and nothing else', () => {
    const io = createTestIo()
    assert.equal(reportError(io, error, true), exitCodes.refused)
    assert.deepEqual(io.errLines, [])
    assert.equal(io.outLines.length, 1)
    const printed = JSON.parse(io.outLines[0] ?? '') as { readonly error: Record<string, unknown> }
    const { stage, next, ...body } = printed.error
    assert.deepEqual(ErrorBody.parse(body), {
      code: 'cap-exceeded',
      message: 'the quote is higher than the cap',
      blame: 'client',
      details: { capUsdc: '1', quoteUsdc: '2.5' },
    })
    assert.deepEqual([stage, next], ['quote', errorTable['cap-exceeded'].next])
  })

  it('calls anything else a bug of ours, and shows where it came from', () => {
    for (const json of [false, true]) {
      const io = createTestIo()
      const thrown = new TypeError('x is not a function')
      assert.equal(reportError(io, thrown, json), exitCodes.internal)
      assert.match(io.errLines.join('\n'), /x is not a function[^]*report-error\.test\.ts/)
    }
  })

  it('says "stopped" when the user stopped it, whatever broke on the way', () => {
    const io = createTestIo({ signal: AbortSignal.abort(new Error('stopped by SIGINT')) })
    assert.equal(reportError(io, new Error('aborted'), false), exitCodes.cancelled)
    assert.deepEqual(io.errLines, ['stopped'])
    assert.equal(reportError(io, new MarketError('cancelled', 'stopped'), false), exitCodes.cancelled)
  })
})
