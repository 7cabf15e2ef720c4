/** Running one program and keeping what it said. */
import { spawn } from 'node:child_process'

export interface CommandResult {
  /** Exit code, or 128 when a signal ended the program. */
  readonly exitCode: number
  /** stdout and stderr in the order they came. */
  readonly output: string
  readonly seconds: number
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Also show the output as it comes. */
  readonly live?: boolean
  /** Asked to end after this long, and made to a little later: nothing here may hang for ever. */
  readonly deadlineSeconds?: number
}

/** Long enough for every single command here, short enough that a hang ends before somebody's patience. */
const DEFAULT_DEADLINE_SECONDS = 900

/** Between asking and making: long enough for a test runner to end its own children and say which one was stuck. */
const GRACE_SECONDS = 10

/** Runs a program to its end. A program that cannot be started counts as a failed one; this never rejects. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const started = performance.now()
  const deadlineSeconds = options.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer): void => {
      chunks.push(chunk)
      if (options.live === true) process.stdout.write(chunk)
    }
    const deadline = setTimeout(() => {
      keep(Buffer.from(`\nstill running after ${deadlineSeconds} s: ended\n`))
      child.kill('SIGTERM')
    }, deadlineSeconds * 1000)
    const end = setTimeout(() => child.kill('SIGKILL'), (deadlineSeconds + GRACE_SECONDS) * 1000)
    const finish = (exitCode: number): void => {
      clearTimeout(deadline)
      clearTimeout(end)
      const output = Buffer.concat(chunks).toString('utf8')
      resolve({ exitCode, output, seconds: (performance.now() - started) / 1000 })
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      keep(Buffer.from(`${command}: ${error.message}\n`))
      finish(127)
    })
    child.on('close', (code) => finish(code ?? 128))
  })
}

export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}
