/** One row of the table of errors. */
import type { Blame } from './blame.ts'

/** The part of a job's life in which a failure arose. */
export type Stage =
  | 'start'
  | 'request'
  | 'spec'
  | 'gate'
  | 'quote'
  | 'fund'
  | 'job'
  | 'transfer'
  | 'dispatch'
  | 'execute'
  | 'commit'
  | 'epoch'
  | 'sample'
  | 'audit'
  | 'settle'
  | 'receipt'
  | 'store'
  | 'internal'

export interface ErrorRow {
  readonly status: number
  /** Whether the same call can succeed later without change. */
  readonly retryable: boolean
  readonly stage: Stage
  /** Default blame; a thrower that knows better says so. */
  readonly blame: Blame
  /** What the reader should do now. */
  readonly next: string
}

// oxlint-disable-next-line max-params -- one short call a row reads as the table it is
export const row = (status: number, retryable: boolean, stage: Stage, blame: Blame, next: string): ErrorRow => ({
  status,
  retryable,
  stage,
  blame,
  next,
})
