import { homedir } from 'node:os'
import { createInterface } from 'node:readline/promises'

/** The terminal, as the commands see it: swapped in tests. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userHome: string
  /** Whether a person watches: progress bars instead of lines. */
  readonly isTerminal: boolean
  /** Results: one line. */
  out(line: string): void
  /** Everything that is not a result: progress, warnings, errors. */
  err(line: string): void
  /** Redraws the line that was written last this way; only on a terminal. */
  redraw(line: string): void
  /** Asks a person yes or no; `false` without asking when nobody watches. */
  ask(question: string): Promise<boolean>
  /** Aborts at the first interrupt; a second one ends the process. */
  readonly signal: AbortSignal
}

export function systemIo(): Io {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130)
      stop.abort(new Error(`stopped by ${name}`))
    })
  // Diagnostics go to stderr and results to stdout, so that a pipe carries results alone.
  return {
    env: process.env,
    userHome: homedir(),
    isTerminal: process.stderr.isTTY,
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    async ask(question) {
      if (!process.stdin.isTTY || !process.stderr.isTTY) return false
      const reader = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `, { signal: stop.signal })).trim())
      } finally {
        reader.close()
      }
    },
    redraw: (line) => void process.stderr.write(`\r\u001b[2K${line}`),
    signal: stop.signal,
  }
}
