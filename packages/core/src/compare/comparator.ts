/** What says whether two files of two results agree. Comparators are plug-ins: `comparatorCompliance` is their contract. */
import { limits } from './limits.ts'
import type { NumericTolerance } from './read-tolerance.ts'

/**
 * A file of a result, whole. Comparators of results that bytes alone do not show (fingerprints of a language model) are
 * the reason for `side`.
 */
export interface ComparedFile {
  readonly bytes: Uint8Array
  /**
   * What its owner opened beside the result and its commitment covers, whatever the comparator defines it to be. Absent
   * for every comparator that looks at bytes only; one that needs it answers `malformed` without it.
   */
  readonly side?: Uint8Array
}

export interface Comparator {
  /** What a spec calls it. */
  readonly name: string
  /** Ends of the paths of files that it is made for; a spec may give it others. */
  readonly suffixes: readonly string[]
  /**
   * Whether two files agree. Total: whatever the bytes are, it answers and does not throw. Files of the same bytes always
   * agree; the order of the two never matters; a wider tolerance never takes an agreement away. The same on every machine.
   */
  compare(a: ComparedFile, b: ComparedFile, tolerance: NumericTolerance): Comparison
}

/**
 * Why two files do not agree. `malformed`: at least one is not what its comparator reads, or beyond its bounds.
 * `structure`: shape, type, length, keys, separators. `text`: something that is no number differs. `number`: a number is
 * too far off. `outliers`: too many are outside. `l2`: all numbers together are too far off.
 */
export type ComparisonReason = 'bytes' | 'malformed' | 'structure' | 'text' | 'number' | 'outliers' | 'l2'

export interface Comparison {
  readonly equal: boolean
  /** The gravest reason; absent exactly when equal. */
  readonly reason?: ComparisonReason
  /** The largest ones, what is no number first; also those within tolerance. At most `limits.differences`. */
  readonly differences: readonly ValueDifference[]
  readonly counts: ComparisonCounts
}

export interface ValueDifference {
  /** Where in the file: a byte, a JSON pointer, a row and column, an index. */
  readonly place: string
  readonly first: string
  readonly second: string
  /** |a − b|; absent when one of them is no finite number. */
  readonly gap?: number
}

export interface ComparisonCounts {
  /** Numbers that were compared. */
  readonly numbers: number
  /** Of those, outside of the limit, near enough to pass for outliers. */
  readonly outliers: number
  /** Of those, too far off, or not both finite. */
  readonly far: number
}

/** What is not a comparison of numbers, as a result. */
export const differs = (reason: ComparisonReason, difference?: ValueDifference): Comparison => ({
  equal: false,
  reason,
  differences: difference === undefined ? [] : [difference],
  counts: { numbers: 0, outliers: 0, far: 0 },
})

/** Two files of the same bytes agree whatever they hold; files too large to be read do not. */
export function settleByBytes(a: Uint8Array, b: Uint8Array): Comparison | undefined {
  if (firstDifference(a, b) === undefined) return agrees
  return Math.max(a.length, b.length) > limits.fileBytes ? differs('malformed') : undefined
}

export const agrees: Comparison = { equal: true, differences: [], counts: { numbers: 0, outliers: 0, far: 0 } }

/** Index of the first byte that differs, the shorter length when one begins the other; `undefined` when none does. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return i
  return a.length === b.length ? undefined : shorter
}
