/** Bounds of the chain adapter, each with the reason for its number. */
export const chainLimits = {
  /** An RPC call that takes longer is tried on the next URL. */
  rpcMs: 15_000,
  /** At start every URL is asked for its chain; one that takes longer is not waited for while others answer. */
  probeMs: 5_000,
  /** Tries of one RPC call on one URL after the first. */
  rpcRetries: 2,
  /** An effect whose transaction is in no block by then is reported; the next call for it goes on with what was signed. */
  confirmMs: 120_000,
  /** Added to the gas estimate, in per cent: state may move between estimate and block. */
  gasMarginPercent: 20n,
  /** Blocks, its own included, until the caller hears of a transaction. It is watched further until its block is final. */
  confirmations: 1,
  /** Where a node does not know the tag `finalized`: as deep as Polygon's checkpoints, its only finality before PIP-11. */
  finalConfirmations: 512,
  /** Fee per unit of gas in wei that is never exceeded: 1000 gwei, many times what Polygon asks on a busy day (30 to 200). */
  maxFeePerGas: 1_000_000_000_000n,
  /** Fee of one transaction in wei that is never exceeded: 5 coins, a full batch of 16M gas at 300 gwei. */
  maxTransactionFee: 5_000_000_000_000_000_000n,
  /** A transaction that waits at the head of its queue for so long is replaced: some 15 blocks had no room for it. */
  stuckMs: 30_000,
  /** Each replacement raises both fees by so many thousandths; nodes ask for 10 % or 12.5 %. */
  raisePerMille: 125n,
  /** Ten raises more than triple the fee; what still waits then waits for something else. */
  maxReplacements: 10,
  /** How often a transaction that is in no block is sent again: nodes drop what they once had, and new nodes never had it. */
  rebroadcastMs: 10_000,
  /** Transactions of one key on their way at once: the usual node keeps 16 for an account and may drop more. */
  maxInFlight: 16,
  /** Blocks in one search for events at first; 10 000 is the widest that common providers serve, many stop at 2000. */
  eventRange: 2_000,
  /** Failed searches for events in a row before the caller hears of it: halving 2000 down to 1 takes 11. */
  eventFailures: 16,
  /** Pause after a failed search for events on every URL: as long as a block takes. */
  eventPauseMs: 2_000,
  /** Looks without anything new before another node is asked: one that hangs behind says the same as one that is idle. */
  eventIdleLooks: 10,
  /** Unfinal blocks remembered to find where a reorganisation began; older ones are final by `finalConfirmations`. */
  trail: 1_024,
} as const
