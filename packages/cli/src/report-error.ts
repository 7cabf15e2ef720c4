import { encodeError, isMarketError, toMarketError, type MarketError } from '@assay/protocol'
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'

/** Prints what failed, whose fault it was and what to do next; with `json`, the same as one object on stdout. */
export function reportError(io: Io, thrown: unknown, json: boolean): ExitCode {
  if (io.signal.aborted && !isMarketError(thrown)) {
    io.err('stopped')
    return exitCodes.cancelled
  }
  const error = toMarketError(thrown)
  if (json) io.out(JSON.stringify({ error: { ...encodeError(error), stage: error.stage, next: error.next } }))
  else for (const line of describeError(error)) io.err(line)
  if (error.code === 'internal' && error.cause instanceof Error) io.err(error.cause.stack ?? error.cause.message)
  return exitCodeOf(error)
}

/** The lines of an error for a person. */
export function describeError(error: MarketError): readonly string[] {
  const details = Object.entries(error.details).map(([name, value]) => `    ${name}: ${String(value)}`)
  return [
    `error ${error.code}: ${error.message}`,
    ...details,
    `  stage ${error.stage}, fault of the ${error.blame}`,
    `  next: ${error.next}`,
    `  docs/errors.md#${error.code}`,
  ]
}
