import type { ComparatorName } from '@assay/protocol'
import type { Comparator } from './comparator.ts'
import { compareBytes } from './compare-bytes.ts'
import { compareCsv } from './compare-csv.ts'
import { compareJson } from './compare-json.ts'
import { compareNpy } from './compare-npy.ts'

/** Every comparator that a spec may name. */
export const comparators: Readonly<Record<ComparatorName, Comparator>> = {
  bytes: compareBytes,
  json: compareJson,
  csv: compareCsv,
  npy: compareNpy,
}
