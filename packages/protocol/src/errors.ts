/** The one error that crosses package and process boundaries. */
import { z } from 'zod'
import { blames, type Blame } from './blame.ts'
import type { Stage } from './error-row.ts'
import { errorCodes, errorTable, type ErrorCode } from './error-table.ts'

export interface MarketErrorOptions {
  /** Short facts for people and programs: numbers as strings, never secrets, never peer-supplied text unless bounded. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
  readonly blame?: Blame
  readonly cause?: unknown
}

/** A fault: what failed, in which stage, whose fault it was, what to do next. */
export class MarketError extends Error {
  override readonly name = 'MarketError'
  readonly code: ErrorCode
  readonly stage: Stage
  readonly blame: Blame
  readonly next: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message: string, options: MarketErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const row = errorTable[code]
    this.code = code
    this.stage = row.stage
    this.blame = options.blame ?? row.blame
    this.next = row.next
    this.retryable = row.retryable
    this.details = options.details ?? {}
  }
}

/** A `MarketError` on the wire. */
export const ErrorBody = z.strictObject({
  code: z.enum(errorCodes),
  message: z.string().max(2000),
  blame: z.enum(blames),
  details: z.record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/),
    z.union([z.string().max(2000), z.number(), z.boolean()]),
  ),
})
export type ErrorBody = z.infer<typeof ErrorBody>

/** Whether `error` is a `MarketError`, by shape, so that it works across package copies. */
export const isMarketError = (error: unknown): error is MarketError =>
  error instanceof Error && error.name === 'MarketError' && 'code' in error

export const encodeError = (error: MarketError): ErrorBody => ({
  code: error.code,
  message: error.message.slice(0, 2000),
  blame: error.blame,
  details: { ...error.details },
})

export const decodeError = (body: ErrorBody): MarketError =>
  new MarketError(body.code, body.message, { details: body.details, blame: body.blame })

/** The error itself when it is one of ours, else `internal` with the cause kept. */
export function toMarketError(error: unknown): MarketError {
  if (isMarketError(error)) return error
  return new MarketError('internal', 'unexpected failure', { cause: error })
}

/** Stops on our own bug before money moves. */
export function assertBug(condition: boolean, message: string): asserts condition {
  if (!condition) throw new MarketError('internal', `assertion failed: ${message}`)
}
