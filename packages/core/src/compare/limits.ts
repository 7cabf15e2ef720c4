/** Bounds of comparing results within a tolerance, each with the reason for its number. */
import { limits as wireLimits } from '@assay/protocol'

export const limits = {
  /** A file that a comparator reads: no honest result is larger, for the spec bounds all of its files together. */
  fileBytes: wireLimits.toleranceOutputBytes,
  /** Levels of a JSON document: no table of numbers nests deeper, and reading it recurses. */
  jsonDepth: 64,
  /** Values of a JSON document, keys not counted: the worst two of them are sorted and compared within seconds. */
  jsonValues: 1_048_576,
  /** Keys of one JSON object: they are sorted, and sorting a million of them takes ten seconds. */
  jsonKeys: 65_536,
  /** Header of an NPY file: a plain dtype and the largest shape take a tenth of it. */
  npyHeaderBytes: 4096,
  /** Dimensions of an NPY array: as many as NumPy itself allows. */
  npyDimensions: 64,
  /** Differences shown of one comparison: nobody reads more, and the largest ones explain the rest. */
  differences: 8,
  /** Characters shown of a value that differs: a number in full, or enough of a text to find it. */
  shownChars: 80,
} as const
