import type { Tolerance } from '@assay/protocol'

/** The limits of a spec as numbers: each the binary64 value nearest to its decimal text. */
export interface NumericTolerance {
  /** A number may be off by `absolute + relative · max(|a|, |b|)`. */
  readonly absolute: number
  readonly relative: number
  /** ‖a − b‖ ≤ l2 · max(‖a‖, ‖b‖) over all numbers of a file; absent = no such bound. */
  readonly l2: number | undefined
  /** Share of a file's numbers that may be outside, in ppm. */
  readonly outlierPpm: number
  /** How many times the limit those may be off. */
  readonly outlierFactor: number
}

export const readTolerance = ({ absolute, relative, l2, outlierPpm, outlierFactor }: Tolerance): NumericTolerance => ({
  absolute: Number(absolute),
  relative: Number(relative),
  l2: l2 === undefined ? undefined : Number(l2),
  outlierPpm,
  outlierFactor: Number(outlierFactor),
})
