import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_TESTS, addCounts, countAll, formatCounts, parseCounts } from './counts.ts'

describe('parseCounts', () => {
  it("adds up Hardhat's summaries of several runners", () => {
    const output = 'Running Solidity tests\n\n  12 passing\n  1 skipped\n\n  30 passing (2034ms)\n  2 failing\n'
    assert.deepEqual(parseCounts(output), { passed: 42, failed: 2, skipped: 1 })
  })

  it("reads Hardhat's joint summary", () => {
    assert.deepEqual(parseCounts('\n214 passing (200 nodejs, 14 solidity)\n1 failing (1 nodejs)\n'), {
      passed: 214,
      failed: 1,
      skipped: 0,
    })
  })

  it('reads through colours', () => {
    assert.equal(parseCounts('  \u001b[32m7 passing\u001b[39m (12ms)').passed, 7)
  })

  it("reads node:test's own totals, a cancelled test as a failed one", () => {
    const output = '# tests 9\n# pass 5\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n'
    assert.deepEqual(parseCounts(output), { passed: 5, failed: 2, skipped: 2 })
    assert.equal(parseCounts('ℹ pass 5').passed, 5)
  })

  it('finds nothing where there is no summary', () => {
    assert.deepEqual(parseCounts('all 5 tests passed, honestly\nnot passing 3\n'), NO_TESTS)
  })
})

describe('counts', () => {
  const some = { passed: 2, failed: 1, skipped: 3 }

  it('add up field by field', () => {
    assert.deepEqual(addCounts(some, some), { passed: 4, failed: 2, skipped: 6 })
    assert.equal(countAll(some), 6)
  })

  it('are told in one line, skipped ones only when there are any', () => {
    assert.equal(formatCounts(some), '2 passed, 1 failed, 3 skipped')
    assert.equal(formatCounts({ ...some, skipped: 0 }), '2 passed, 1 failed')
  })
})
