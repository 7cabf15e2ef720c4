/** Bounds and assumed numbers of the simulator, each with the reason for its number. */
export const simLimits = {
  /** Epochs of one career: long enough for ten thousand shards, by which time every rate has reached its least. */
  careerEpochs: 400,
  /** Shards of one epoch in the simulation: what an epoch of the market holds at most. */
  epochShards: 256,
  /** Points of one strategy's grid: more would hide an endless search behind a small file. */
  gridPoints: 512,
  /** Careers of one measurement: fewer give no standard error. */
  leastCareers: 8,
  /** Bytes of a strategy's name: it stands in tables. */
  nameLength: 64,
} as const

/** Money rules that live in the contracts and not in `core`; a test compares them with the Solidity source. */
export const contractMoney = {
  /** Share of a slash for whoever found the fault, hundredths of a per cent, as in `SlashLib.sol`. */
  detectorBps: 4_000,
  /** Share of a slash for the order's client, hundredths of a per cent, as in `SlashLib.sol`. */
  clientBps: 1_000,
} as const
