/** Counting tests over several runs and runners. */

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 }

export function addCounts(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  }
}

export function countAll(counts: Counts): number {
  return counts.passed + counts.failed + counts.skipped
}

/** `12 passed, 0 failed`, and `, 1 skipped` only when there is one. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

/** The same in the form of node:test's own summary, for tools that look for it. */
export function formatTotals(counts: Counts): string {
  return `# tests ${countAll(counts)}\n# pass ${counts.passed}\n# fail ${counts.failed}\n# skipped ${counts.skipped}\n`
}

const FIELD_BY_WORD: Readonly<Record<string, keyof Counts>> = {
  passing: 'passed',
  pass: 'passed',
  failing: 'failed',
  fail: 'failed',
  cancelled: 'failed',
  skipped: 'skipped',
  todo: 'skipped',
}

/**
 * Reads the summary lines of a foreign runner's output and adds them up: Hardhat's `12 passing` and node:test's
 * `# pass 12`. Output without any such line counts as no tests at all, which every caller treats as a failure.
 */
export function parseCounts(output: string): Counts {
  const counts = { ...NO_TESTS }
  for (const line of output.replaceAll(/\u001b\[[0-9;]*m/g, '').split('\n')) {
    const hardhat = /^\s*(\d+) (passing|failing|skipped|cancelled|todo)\b/.exec(line)
    const nodeTest = /^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line)
    const [word, amount] = hardhat ? [hardhat[2], hardhat[1]] : [nodeTest?.[1], nodeTest?.[2]]
    const field = FIELD_BY_WORD[word ?? '']
    if (field !== undefined) counts[field] += Number(amount)
  }
  return counts
}
