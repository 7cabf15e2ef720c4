/** What the determinism gate says about two results that are not equal. */
import type { SandboxConditions } from '../ports/sandbox.ts'

/** Why results differ, as far as the bytes tell. */
export type DifferenceCause =
  | 'time'
  | 'time-zone'
  | 'host-name'
  | 'locale'
  | 'threads'
  | 'order'
  | 'float'
  | 'randomness'
  | 'archive'
  | 'file-set'
  | 'unknown'

/** Conditions of the two runs. */
export interface ConditionPair {
  readonly first: SandboxConditions
  readonly second: SandboxConditions
}

/** A cause, and the index in each line at which it shows first. */
export interface LineFinding {
  readonly cause: DifferenceCause
  readonly first: number
  readonly second: number
}

/** One way in which two results part. */
export interface Difference {
  /** Path below `/out`; `''` is standard output. */
  readonly path: string
  /**
   * `missing`: only the first run wrote it. `extra`: only the second one did. `type`: a file here, a directory there.
   * `mode`: executable in one run only. `failure`: the second run did not succeed.
   */
  readonly kind: 'content' | 'missing' | 'extra' | 'type' | 'mode' | 'failure'
  readonly cause: DifferenceCause
  /** With `content`: the first byte that differs, counted from 0 in the first result. */
  readonly offset?: number
  readonly first?: Excerpt
  readonly second?: Excerpt
  /** Places of this file that look like this one, itself included. At least; never less. */
  readonly count: number
  /** With `failure`: what happened, and the end of standard error. */
  readonly detail?: string
}

/** Some bytes of one result, for eyes. */
export interface Excerpt {
  /** Where the differing bytes begin in this result. */
  readonly offset: number
  /** Up to 16 bytes from there, such as `31 36 3a`; empty at the end of the file. */
  readonly hex: string
  /** The same with some bytes before and after, as text; what cannot be printed is escaped. */
  readonly text: string
}

export interface CauseAdvice {
  /** The cause in a few words, for the middle of a sentence. */
  readonly title: string
  readonly fix: string
}

/** What to do about each cause. */
export const causeAdvice: Readonly<Record<DifferenceCause, CauseAdvice>> = {
  time: {
    title: 'the time of the run, or how long it took',
    fix: 'Leave times and durations out of the result, or take them from the input; many tools obey SOURCE_DATE_EPOCH, which is set to 0.',
  },
  'time-zone': {
    title: 'the time zone',
    fix: 'Format times in UTC (`date -u`, `timezone.utc`). Paid runs have TZ=UTC everywhere, so this alone does not fail a shard there.',
  },
  'host-name': {
    title: 'the host name',
    fix: 'Leave the host name out of the result. Paid runs are all called `assay`, so this alone does not fail a shard there.',
  },
  locale: {
    title: 'the locale',
    fix: 'Set LC_ALL=C.UTF-8 inside the command, or format and sort without the locale. Paid runs have C.UTF-8 everywhere, so this alone does not fail a shard there.',
  },
  threads: {
    title: 'the number of processor cores',
    fix: 'Fix the number of threads or workers (`-j1`, OMP_NUM_THREADS) instead of asking the machine for it, and combine their results in a fixed order.',
  },
  order: {
    title: 'the order of the same parts',
    fix: 'Sort directory listings, sets, dictionaries and what parallel workers return before it is written (`sort`, `sorted(...)`, `LC_ALL=C`).',
  },
  float: {
    title: 'the last digits of floating-point numbers',
    fix: 'Sum in a fixed order with one thread, and round what is written to the digits that matter.',
  },
  randomness: {
    title: 'random values, or a hash of something that differs',
    fix: 'Seed every random generator from the input, and do not write UUIDs, temporary names or memory addresses. If it is a hash or is encrypted, look at what went into it.',
  },
  archive: {
    title: 'the inside of an archive or compressed file',
    fix: 'Write it without times and owners and in sorted order (`gzip -n`, `tar --sort=name --mtime=@0 --owner=0 --group=0`), or compare what goes into it.',
  },
  'file-set': {
    title: 'which files exist',
    fix: 'Write the same file names in every run: none that hold times, process ids or random parts, and no leftovers of tools.',
  },
  unknown: {
    title: 'something that the bytes do not show',
    fix: 'Look at both values: often it is a measurement (free memory, load, progress), a race of threads, or uninitialised memory.',
  },
}
