/** Bounds of the chain adapter, each with the reason for its number. */
export const chainLimits = {
  /** An RPC call that takes longer is tried on the next URL. */
  rpcMs: 15_000,
  /** Tries of one RPC call on one URL. */
  rpcRetries: 2,
  /** A transaction that is in no block by then is reported; the next call for the same effect goes on with it. */
  confirmMs: 120_000,
  /** Added to the gas estimate, in per cent: state may move between estimate and block. */
  gasMarginPercent: 20n,
} as const
