/**
 * A node:test reporter for people and for `scripts/test-runner.ts`: one line per test file, every failure in full, then
 * node:test's own totals. With ASSAY_TEST_COUNTS set it also leaves the totals in that file, as JSON.
 */
import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { inspect } from 'node:util'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import type { Counts } from './counts.ts'

type Summary = EventData.TestSummary
type Failure = EventData.TestFail

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const printed = new Map<string, string>()
  const failedFiles = new Set<string>()
  let empty = 0
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      printed.set(data.file, (printed.get(data.file) ?? '') + data.message)
    } else if (type === 'test:fail' && !isParentOfFailure(data)) {
      failedFiles.add(data.file ?? '')
      yield formatFailure(data)
    } else if (type === 'test:pass' && data.file !== undefined && resolve(data.name) === data.file) {
      empty += 1
      yield `  FAIL ${data.name} holds no tests\n`
    } else if (type === 'test:interrupted') {
      yield data.tests.map(({ name, file }) => `  STUCK ${name} (${file ?? 'no file'})\n`).join('')
    } else if (type === 'test:summary' && data.file !== undefined) {
      yield formatFile(data, data.file)
    } else if (type === 'test:summary') {
      // What a test prints matters only when something went wrong.
      for (const file of failedFiles) if (printed.has(file)) yield `  output of ${file}:\n${printed.get(file)}`
      saveCounts(data, empty)
      yield formatTotals(data, empty)
    }
  }
}

/** A suite fails because a test in it failed: that test has spoken already. */
function isParentOfFailure({ details }: Failure): boolean {
  return 'failureType' in details.error && details.error.failureType === 'subtestsFailed'
}

function formatFailure({ name, file, line, details }: Failure): string {
  const place = file === undefined ? '' : ` (${relative(process.cwd(), file)}:${line})`
  const cause: unknown = details.error.cause ?? details.error
  // An assertion says it all in its message: its actual and expected values would only repeat it.
  const isAssertion = cause instanceof Error && 'code' in cause && cause.code === 'ERR_ASSERTION'
  const full = isAssertion ? (cause.stack ?? cause.message) : inspect(cause, { colors: process.stdout.isTTY, depth: 6 })
  const text = full
    .replaceAll(/^ +at .*\(node:.*\n?/gm, '')
    .trimEnd()
    .replaceAll('\n', '\n    ')
  return `  FAIL ${name}${place}\n    ${text}\n`
}

function formatFile({ counts, duration_ms, success }: Summary, file: string): string {
  return `  ${success ? 'ok  ' : 'FAIL'} ${relative(process.cwd(), file)} (${counts.tests} tests, ${Math.round(duration_ms)} ms)\n`
}

/** node:test counts a file without any test as one that passed: here it failed. */
function countTests({ counts, success }: Summary, empty: number): Counts {
  const skipped = counts.skipped + counts.todo
  const failed = counts.tests - counts.passed - skipped
  // A hook that throws fails its suite and no test: still a failure.
  return { passed: counts.passed - empty, failed: failed === 0 && !success ? 1 : failed + empty, skipped }
}

function formatTotals(summary: Summary, empty: number): string {
  const { counts, duration_ms } = summary
  const { passed, failed } = countTests(summary, empty)
  const lines = [
    `tests ${counts.tests}`,
    `suites ${counts.suites}`,
    `pass ${passed}`,
    `fail ${failed - counts.cancelled}`,
    `cancelled ${counts.cancelled}`,
    `skipped ${counts.skipped}`,
    `todo ${counts.todo}`,
    `duration_ms ${Math.round(duration_ms)}`,
  ]
  return lines.map((line) => `# ${line}\n`).join('')
}

function saveCounts(summary: Summary, empty: number): void {
  const file = process.env['ASSAY_TEST_COUNTS']
  if (file !== undefined) writeFileSync(file, JSON.stringify(countTests(summary, empty)))
}
