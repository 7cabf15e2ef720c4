/**
 * A node:test reporter for people and for `scripts/test-runner.ts`: every failure in full and nothing else. With
 * ASSAY_TEST_COUNTS set it leaves the totals in that file, as JSON; otherwise it prints them.
 */
import { writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { inspect } from 'node:util'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { type Counts, formatTotals } from './counts.ts'

type Failure = EventData.TestFail

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let printed = ''
  let hasFailed = false
  let empty = 0
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      printed += data.message
    } else if (type === 'test:fail' && !isParentOfFailure(data)) {
      hasFailed = true
      yield formatFailure(data)
    } else if (type === 'test:pass' && data.file !== undefined && resolve(data.name) === data.file) {
      empty += 1
      yield `  FAIL ${data.name} holds no tests\n`
    } else if (type === 'test:interrupted') {
      yield data.tests.map(({ name, file }) => `  STUCK ${name} (${file ?? 'no file'})\n`).join('')
    } else if (type === 'test:summary' && data.file === undefined) {
      // What tests print matters only when something went wrong.
      if (hasFailed && printed !== '') yield `  what was printed:\n${printed}\n`
      const counts = countTests(data, empty)
      const file = process.env['ASSAY_TEST_COUNTS']
      if (file === undefined) yield formatTotals(counts)
      else writeFileSync(file, JSON.stringify(counts))
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
  const text = full.replaceAll(/^ +at .*\(node:.*\n?/gm, '').trimEnd()
  return `  FAIL ${name}${place}\n    ${text.replaceAll('\n', '\n    ')}\n`
}

/** node:test counts a file without any test as one that passed: here it failed. */
function countTests({ counts, success }: EventData.TestSummary, empty: number): Counts {
  const skipped = counts.skipped + counts.todo
  const failed = counts.tests - counts.passed - skipped
  // A hook that throws fails its suite and no test: still a failure.
  return { passed: counts.passed - empty, failed: failed === 0 && !success ? 1 : failed + empty, skipped }
}
