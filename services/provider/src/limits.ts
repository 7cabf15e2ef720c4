/** Bounds of the provider, each with the reason for its number. */
export const providerLimits = {
  /** Shards at once on one machine; the advert's own bound is far above what an engine can start in a second. */
  slots: 256,
  /** An accepted lease must leave the market this long between commit and `settleBy` for sample, audit and settlement. */
  settleMarginMs: 15_000,
  /** Tries to fetch one input before the attempt is given up: one broken stream must not cost a shard. */
  fetchTries: 4,
  /** Tries to deliver a sealed result; the lease's deadline usually ends them first. */
  deliverTries: 200,
  /** First pause between tries of fetching or delivering; doubles up to the second figure. */
  retryMs: 250,
  retryMaxMs: 5_000,
  /** Inputs fetched at once for one attempt: enough to hide latency, few enough to share a home line. */
  fetchesAtOnce: 4,
  /** An advert is issued anew when less than this part of its life is left. */
  advertRenewShare: 0.5,
  /** Images announced in the DHT: a popular machine holds hundreds, searchers only need the recent ones. */
  announcedImages: 16,
  /** Images looked for at once: each may make the engine pull, and strangers may ask. */
  imagePulls: 4,
  /** Longest pull: some gigabytes over a home line. */
  imagePullMs: 15 * 60 * 1000,
  /** Whoever asks whether an image is at hand has an answer within this time; a pull goes on behind it. */
  imageAnswerMs: 10_000,
  /** A commit that was not opened is shown to its validators after this: an epoch closes within five seconds. */
  claimAfterMs: 7_000,
  /** How often commits that may have been left out are looked for. */
  claimEveryMs: 2_000,
  /** A commit that a threshold keeps is shown again after this: only to learn that an epoch holds it. */
  claimRestMs: 20_000,
  /** How long a validator may take to answer: it fetches the sealed results that it keeps. */
  claimMs: 60_000,
  /** Validators looked up in the DHT to find those of a quorum. */
  validatorsFound: 256,
  /** Chain facts are trusted this long: within one block or two of Polygon. */
  chainFactMs: 2_000,
  /** Chain facts kept: orders of busy aggregators and their quorums. */
  chainFacts: 4_096,
  /** Attempts are forgotten this long after their order became refundable: nobody can ask for an opening any more. */
  keepAttemptMs: 24 * 60 * 60 * 1000,
  /** How often forgotten attempts are swept. */
  sweepMs: 10 * 60 * 1000,
  /** Standard error shown to the client in a failure: the last screenful. */
  stderrTail: 1_500,
} as const
