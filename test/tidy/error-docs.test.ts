import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blameOfError, moneyRules } from '@assay/core'
import { errorCodes, errorTable } from '@assay/protocol'
import { type DocumentedRow, errorDocFaults, factsLine, moneyLine } from './error-docs.ts'
import { readText } from './repo-files.ts'

describe('docs/errors.md', () => {
  it('explains every error code as the table has it', () => {
    assert.ok(Object.keys(errorTable).length > 20)
    const table = Object.fromEntries(
      errorCodes.map((code) => [code, { ...errorTable[code], money: moneyRules[blameOfError(code).money] }]),
    )
    assert.deepEqual(errorDocFaults(readText('docs/errors.md'), table), [])
  })
})

describe('errorDocFaults', () => {
  const row: DocumentedRow = {
    status: 402,
    retryable: false,
    stage: 'fund',
    blame: 'client',
    next: 'Fund it.',
    money: 'Nothing moved.',
  }
  const table = { 'not-funded': row }
  const good = `# Errors\n\n## Fund\n\n### not-funded\n\n${factsLine(row)}\n\n${moneyLine(row)}\n\nThe order holds less than its terms promise.\n\nFund it.\n`

  it('is content with a page that matches', () => assert.deepEqual(errorDocFaults(good, table), []))

  it('finds missing, unknown and doubled codes', () => {
    assert.equal(errorDocFaults('# Errors\n', table).length, 1)
    assert.equal(errorDocFaults(`${good}\n### gone\n\ntext\n`, table).length, 1)
    assert.equal(errorDocFaults(good + good.slice(good.indexOf('###')), table).length, 1)
    assert.equal(errorDocFaults(good.replace('### not-funded', '## not-funded'), table).length, 1)
  })

  it('finds facts, next steps and explanations that went stale', () => {
    assert.equal(errorDocFaults(good, { 'not-funded': { ...row, status: 409 } }).length, 1)
    assert.equal(errorDocFaults(good, { 'not-funded': { ...row, retryable: true } }).length, 1)
    assert.equal(errorDocFaults(good, { 'not-funded': { ...row, next: 'Do something else.' } }).length, 1)
    assert.equal(errorDocFaults(good, { 'not-funded': { ...row, money: 'It is gone.' } }).length, 1)
    assert.equal(errorDocFaults(good.replace('The order holds less than its terms promise.', ''), table).length, 1)
  })
})
