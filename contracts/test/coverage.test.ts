import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { findGaps, readCoverage } from '../scripts/lib/read-coverage.ts'

const LCOV = `TN:
SF:src/Escrow.sol
DA:10,1
DA:11,1
LH:2
LF:2
end_of_record
SF:src/Disputes.sol
DA:5,1
DA:7,0
DA:9,0
LH:1
LF:3
end_of_record
`
const PRINTED = `
║ File Path        │ Line % │ Statement % │ Uncovered Lines ║
╟──────────────────┼────────┼─────────────┼─────────────────╢
║ src/Escrow.sol   │ 100.00 │ 100.00      │ -               ║
║ src/Disputes.sol │ 33.33  │ 40.00       │ 7, 9            ║
`

describe('the coverage gate', () => {
  it('takes lines from one report and statements from the other', () => {
    assert.deepEqual(readCoverage(LCOV, PRINTED), [
      { file: 'src/Escrow.sol', uncovered: [], statements: 100 },
      { file: 'src/Disputes.sol', uncovered: [7, 9], statements: 40 },
    ])
  })

  it('is open only when every required file is covered in full', () => {
    const coverage = readCoverage(LCOV, PRINTED)
    assert.deepEqual(findGaps(coverage, ['src/Escrow.sol']), [])
    assert.deepEqual(findGaps(coverage, ['src/Escrow.sol', 'src/Disputes.sol']), [
      'src/Disputes.sol: 40 % of statements; lines 7, 9',
    ])
    assert.deepEqual(findGaps(coverage, ['src/Stakes.sol']), ['src/Stakes.sol: not in the report'])
  })

  it('is closed when a line was run only in part, or when the table says nothing', () => {
    const partly = PRINTED.replace('100.00      │ -', '98.00       │ -')
    assert.equal(findGaps(readCoverage(LCOV, partly), ['src/Escrow.sol']).length, 1)
    assert.equal(findGaps(readCoverage(LCOV, ''), ['src/Escrow.sol']).length, 1)
  })
})
