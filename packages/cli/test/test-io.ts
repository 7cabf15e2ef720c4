/** A terminal for tests: remembers what was written. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '../src/io.ts'

export interface TestIo extends Io {
  readonly outLines: string[]
  readonly errLines: string[]
  readonly redrawn: string[]
}

/** No home, no environment unless given; nothing of this machine's user is read. */
export function createTestIo(
  parts: Partial<Pick<Io, 'env' | 'userHome' | 'isTerminal' | 'signal' | 'ask'>> = {},
): TestIo {
  const outLines: string[] = []
  const errLines: string[] = []
  const redrawn: string[] = []
  return {
    env: {},
    userHome: join(tmpdir(), 'assay-no-home'),
    isTerminal: false,
    ask: () => Promise.resolve(false),
    signal: new AbortController().signal,
    ...parts,
    outLines,
    errLines,
    redrawn,
    out: (line) => void outLines.push(line),
    err: (line) => void errLines.push(line),
    redraw: (line) => void redrawn.push(line),
  }
}
