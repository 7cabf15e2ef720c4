/**
 * What the tests say about the code as it is, compiled as mutants are. Each question is answered once, when it comes up: a
 * sample of a few mutants needs few of the answers.
 */
import { type FailedTest, type Suite, type SuiteResult, type TestFiles, runBuiltSuite, runSuite } from './kill-suite.ts'
import { MOST_LEFT_OUT } from './mutation-limits.ts'

/** Where one worker runs tests. */
export interface Seat {
  /** A copy whose artifacts get the mutant's code. */
  readonly quick: string
  /** A copy whose source is changed and built by Hardhat. */
  readonly built: string
}

export interface Unchanged {
  /** Whether a test fails without any mutant. The artifacts of the seat must be the unchanged ones. */
  readonly fails: (seat: Seat, test: FailedTest) => Promise<boolean>
  /** Names of the tests that are known to. */
  readonly failing: () => readonly string[]
  /** Throws if these files do not even run to their end without a mutant: then nothing would follow from a crash. */
  readonly requireRun: (seat: Seat, files: readonly string[]) => Promise<void>
  /** What to run after a real build: the files that need one, but for tests that fail even then. */
  readonly builtSuite: (seat: Seat) => Promise<Suite>
  /** Tests that fail on every build that mutants get. */
  readonly leftOut: () => readonly string[]
}

/** Starts without any answer. */
export function createUnchanged({ built }: TestFiles): Unchanged {
  const byFile = new Map<string, Promise<readonly FailedTest[]>>()
  const failing = new Map<string, FailedTest>()
  const leftOut: string[] = []
  let ran: Promise<void> | undefined
  let suite: Promise<Suite> | undefined
  const failuresIn = async (seat: Seat, file: string): Promise<readonly FailedTest[]> => {
    const { failures } = requireResult(await runSuite(seat.quick, { files: [file], without: [] }, true))
    for (const test of failures) failing.set(test.name, test)
    return failures
  }
  const findSuite = async (seat: Seat): Promise<Suite> => {
    const files = [...new Set([...built, ...[...failing.values()].map(({ file }) => file)])]
    const { failures } = requireResult(await runBuiltSuite(seat.built, { files, without: [] }, true))
    leftOut.push(...failures.map(({ file, name }) => `${file}: ${name}`))
    if (failures.length > MOST_LEFT_OUT) throw new Error(`tests fail without a mutant: ${leftOut.join('; ')}`)
    return { files, without: failures.map(({ name }) => name) }
  }
  return {
    async fails(seat, { file, name }) {
      const answer = byFile.get(file) ?? failuresIn(seat, file)
      byFile.set(file, answer)
      return (await answer).some((failed) => failed.name === name)
    },
    failing: () => [...failing.keys()],
    requireRun(seat, files) {
      ran ??= runSuite(seat.quick, { files, without: [] }, true).then((result) => void requireResult(result))
      return ran
    },
    builtSuite(seat) {
      suite ??= findSuite(seat)
      return suite
    },
    leftOut: () => leftOut,
  }
}

function requireResult(result: SuiteResult): Extract<SuiteResult, { kind: 'ran' }> {
  if (result.kind === 'ran') return result
  throw new Error(`the tests do not run without a mutant: ${JSON.stringify(result)}`)
}
