/** Whole command lines, in this process. */
import type { ExitCode } from '../src/exit-codes.ts'
import { runCli } from '../src/run-cli.ts'
import { createTestIo } from './test-io.ts'

export interface CliRun {
  readonly exit: ExitCode
  readonly out: string
  readonly err: string
  readonly redrawn: readonly string[]
}

/** One command line to its end. */
export async function runLine(
  args: readonly string[],
  parts: Parameters<typeof createTestIo>[0] = {},
): Promise<CliRun> {
  const io = createTestIo(parts)
  const exit = await runCli(args, io)
  return { exit, out: io.outLines.join('\n'), err: io.errLines.join('\n'), redrawn: io.redrawn }
}
