/** Bounds of the determinism gate, each with the reason for its number. */
export const limits = {
  /** Longest piece of a line that is compared as one: a line of a log fits, and two of them are nothing in memory. */
  recordBytes: 4096,
  /** Differing lines of one file that are looked at for their causes: more would only be counted, file by gigabyte. */
  explained: 2000,
  /** Differences shown of one result: nobody reads more, and the first ones explain the rest. */
  differences: 32,
  /** Bytes shown in hex: a hash, a UUID or two floating-point numbers. */
  hexBytes: 16,
  /** Bytes shown before the first differing one: enough of the line to know where one is. */
  leadBytes: 24,
  /** Bytes shown from the first differing one on: a time stamp with its surroundings. */
  tailBytes: 56,
  /** Line of a binary file: longer spans prove nothing more about randomness. */
  binaryBytes: 256,
  /** Farthest that two clocks of one check can be apart, in seconds: the longest shard, run a few times, on a busy machine. */
  clockSpanS: 24 * 60 * 60,
  /** Differing files of one result that are graded: the worst of them speaks for all, and each is read whole. */
  gradedFiles: 64,
  /** Largest file that is read as numbers, twice: some million of them, and its text fits in memory several times. */
  gradedBytes: 32 * 1024 * 1024,
  /** Numbers farther apart than this share are other numbers and not the same ones rounded differently. */
  toleranceRelative: 1e-3,
} as const
