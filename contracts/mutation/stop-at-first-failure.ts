/**
 * A node:test reporter for mutants. It prints one line of JSON: the tests that failed and how many passed. It ends the
 * process at the first failure, which is enough to kill a mutant; with ASSAY_ALL_FAILURES set it goes on to the end.
 */
import { writeSync } from 'node:fs'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'

/** Exit code of a run that was ended by a failing test. */
const EXIT_KILLED = 10

/** See above. node:test takes a default export, so whoever runs the tests wraps this. */
export async function* stopAtFirstFailure(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: { file: string; name: string }[] = []
  const goesOn = process.env['ASSAY_ALL_FAILURES'] !== undefined
  let passed = 0
  for await (const { type, data } of source) {
    if (type === 'test:pass' && data.details.type !== 'suite' && data.skip === undefined) passed += 1
    if (type !== 'test:fail' || isParentOfFailure(data)) continue
    failures.push({ file: data.file ?? '', name: data.name })
    if (goesOn) continue
    // Written at once: nothing else of this process runs any more.
    writeSync(1, `${JSON.stringify({ passed, failures })}\n`)
    process.exit(EXIT_KILLED)
  }
  yield `${JSON.stringify({ passed, failures })}\n`
}

/** A suite fails because a test in it failed: that test has spoken already. */
function isParentOfFailure({ details }: EventData.TestFail): boolean {
  return 'failureType' in details.error && details.error.failureType === 'subtestsFailed'
}
