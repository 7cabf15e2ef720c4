import { comparators } from '@assay/core'
import type { ToleranceOptions } from './map-options.ts'

/** The wire form of a tolerance: nothing is tolerated that the caller did not name. */
export const completeTolerance = (given: ToleranceOptions): object => ({
  absolute: '0',
  relative: '0',
  outlierPpm: 0,
  outlierFactor: '1',
  ...given,
  files: given.files ?? defaultRules,
})

/** Every comparator for the files that it is made for. */
const defaultRules = Object.values(comparators).flatMap(({ name, suffixes }) =>
  suffixes.map((suffix) => ({ files: `*${suffix}`, comparator: name })),
)
