/** Bounds of the beacon package, each with the reason for its number. */
export const limits = {
  /** Verified rounds kept: an epoch is drawn from one round, so this covers hours of epochs in about 30 KiB. */
  cachedRounds: 256,
  /** One answer of a relay: a round is about 300 bytes and the chain's info about 500. */
  answerBytes: 4096,
  /** One request: relays answer in well under a second, and another relay is waiting to be asked. */
  requestMs: 5000,
  /** First pause after a round was due but nobody had it: quicknet publishes 0.2 to 1 s late. */
  firstPollMs: 250,
  /** Longest pause between two questions: one quicknet period. */
  maxPollMs: 3000,
  /** How long to keep asking for a round that is due. Past it the beacon counts as stalled and the caller decides. */
  patienceMs: 60_000,
  /** Longest sleep towards a future round: a machine that was suspended or whose clock was set notices within this. */
  maxSleepMs: 30_000,
  /** Relays of one client: a handful gives independence, more only delays the verdict that none answers. */
  relays: 16,
} as const
