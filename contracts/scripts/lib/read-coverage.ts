/** Reads what `hardhat test --coverage` leaves: lines from its lcov file, statements from its printed table. */

export interface FileCoverage {
  /** Below `contracts`, like `src/Escrow.sol`. */
  readonly file: string
  /** Lines that were not run, or not in full. */
  readonly uncovered: readonly number[]
  /** Percent of statements, as printed with two decimals; NaN if the table does not name the file. */
  readonly statements: number
}

/** One entry for each file of the lcov file. */
export function readCoverage(lcov: string, printed: string): FileCoverage[] {
  return lcov
    .split('end_of_record')
    .map((record) => {
      const file = /^SF:(.+)$/m.exec(record)?.[1] ?? ''
      const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)]
      const uncovered = lines.filter(([, , count]) => count === '0').map(([, line]) => Number(line))
      return { file, uncovered, statements: readStatements(printed, file) }
    })
    .filter(({ file }) => file !== '')
}

/** What keeps the required files from full coverage, a sentence each. A file that the report leaves out is not covered. */
export function findGaps(coverage: readonly FileCoverage[], required: readonly string[]): string[] {
  return required.flatMap((name) => {
    const found = coverage.find(({ file }) => file === name)
    if (found === undefined) return [`${name}: not in the report`]
    const { uncovered, statements } = found
    if (uncovered.length === 0 && statements === 100) return []
    return [`${name}: ${statements} % of statements; lines ${uncovered.join(', ') || 'all, but not each statement'}`]
  })
}

/** A row: ║ src/Disputes.sol │ 98.02 │ 97.65 │ 63-64 ║ */
function readStatements(printed: string, file: string): number {
  const row = printed.split('\n').find((line) => line.split('│')[0]?.replace('║', '').trim() === file)
  return Number(row?.split('│')[2] ?? Number.NaN)
}
