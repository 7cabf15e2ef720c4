import type { ErrorCode, MarketError, Stage } from '@assay/protocol'

/** What a shell learns from the exit status; the README lists them. */
export const exitCodes = {
  ok: 0,
  /** The job ran and not every shard was verified, or a check found a difference. */
  incomplete: 1,
  /** Bad arguments. */
  usage: 2,
  /** Refused before any money moved: spec, image, inputs, budget, balance. */
  refused: 3,
  /** The market, the chain or a peer does not answer; the same call may succeed later. */
  unavailable: 4,
  /** A receipt, a verdict or a result that does not hold. */
  invalid: 5,
  /** No Docker engine, or no permission to use it. */
  docker: 69,
  /** Our own bug. */
  internal: 70,
  cancelled: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const byCode: Partial<Record<ErrorCode, ExitCode>> = {
  'job-incomplete': exitCodes.incomplete,
  cancelled: exitCodes.cancelled,
  'docker-unavailable': exitCodes.docker,
  'docker-permission': exitCodes.docker,
  'certificate-refused': exitCodes.incomplete,
  'certificate-invalid': exitCodes.invalid,
  'certificate-revoked': exitCodes.invalid,
  'receipt-invalid': exitCodes.invalid,
  'result-invalid': exitCodes.invalid,
  'verdict-invalid': exitCodes.invalid,
  internal: exitCodes.internal,
}
const refusedStages: ReadonlySet<Stage> = new Set(['start', 'spec', 'gate', 'quote', 'fund', 'request', 'job'])

/** Exit status of an error. */
export function exitCodeOf(error: Pick<MarketError, 'code' | 'stage' | 'retryable'>): ExitCode {
  const known = byCode[error.code]
  if (known !== undefined) return known
  if (error.retryable) return exitCodes.unavailable
  return refusedStages.has(error.stage) ? exitCodes.refused : exitCodes.unavailable
}
