/** Bounds of the aggregator, each with the reason for its number. */
export const aggregatorLimits = {
  /** Leaves of one epoch: one proposal frame stays small and a seed is never far away. */
  epochLeaves: 256,
  /** A commit waits at most this long for company before its epoch closes. */
  epochAgeMs: 5_000,
  /** How long a validator may take to acknowledge, sign or reveal. */
  validatorReplyMs: 20_000,
  /** Once a threshold has signed, the others get this long: their signature is not needed, but their records are. */
  quorumGraceMs: 1_000,
  /** How long a provider may take to open a sampled commit, and how many such times it is asked before it counts as silent. */
  openingMs: 10_000,
  openingTries: 3,
  /** Pause before a provider that did not open is asked again: it may be restarting. */
  openingPauseMs: 1_000,
  /** A validator that committed but does not show its result this often is passed over for an alternate. */
  revealTries: 3,
  /** A validator that committed and did not show its result has this long before it is accused: a restart takes less. */
  revealGraceMs: 10 * 60_000,
  /** An audit may take this many shard time limits, plus the slack, before an alternate is asked. */
  auditTimeFactor: 3,
  auditSlackMs: 10_000,
  /** On top of a shard's time limit: fetching inputs, queueing, sealing, delivering. */
  attemptSlackMs: 60_000,
  /** An accepted attempt whose provider cannot be reached for this long goes to another one. */
  providerGoneMs: 8_000,
  /** An offer lapses unless accepted within this time. */
  offerMs: 10_000,
  /** A quote holds its price and its blobs this long. */
  quoteMs: 10 * 60_000,
  /** How often expired quotes and old results are cleared away: often enough that a disk of uploads never fills up. */
  sweepMs: 60_000,
  /** Results of a closed job are kept this long: a client that was away for some days still gets them. */
  keepResultsMs: 7 * 24 * 60 * 60_000,
  /** Quotes open at once: a quote reserves upload room. */
  openQuotes: 1_000,
  /** Jobs running at once: a planning round looks at all of them, and must stay well under its pace. */
  activeJobs: 1_000,
  /** Jobs in a client's list: the newest are what it looks for, and one answer stays small. */
  jobsListed: 200,
  /** Wrong or stale adverts are asked for again at this pace. */
  discoveryMs: 2_000,
  /** A provider that failed too often gets another try after this: an outage of its network must not last for ever. */
  breakerMs: 60_000,
  /** Peers kept in the directory. */
  directoryNodes: 2_000,
  /** Time a planning round waits for more changes. */
  planDelayMs: 15,
  /** A planning round runs at least this often, so that deadlines fire. */
  planEveryMs: 500,
  /** A failed step is tried again after this, doubling up to the second. */
  retryMs: 250,
  retryMaxMs: 10_000,
  /** A verdict in its appeal window is looked at this often. */
  appealPollMs: 60_000,
  /** A certification is given up after this, on top of the time that its runs may take: validators run samples behind their audits. */
  certifyWaitMs: 5 * 60_000,
  /** Certifications under way at once: each asks every validator of the quorum for two runs. */
  openCertifications: 64,
  /** Certificates in one answer: of one image the newest are what a reader looks for. */
  certificatesListed: 100,
  /** Certifications that are over, and certificates that expired, are kept this long. */
  keepCertificatesMs: 30 * 24 * 60 * 60_000,
  /** A stream of events says at least this often that it is alive: below the minute after which proxies cut idle ones. */
  keepAliveMs: 15_000,
  /** Events kept for one job. */
  eventsPerJob: 50_000,
  /** Commits of one settled job that its client can challenge: nobody pays for these audits. */
  lateChallenges: 16,
  /** How often the chain is asked whether the client of class DX has settled its order by itself. */
  acceptancePollMs: 5_000,
  /** Shards that one explanation covers: with five attempts of four findings each it stays below what one answer holds. */
  explainedShards: 128,
  /** Clock difference allowed in signed requests. */
  requestAgeMs: 60_000,
  /** JSON body of a challenge: one small envelope. */
  challengeBytes: 16 * 1024,
  /** JSON body of a request: the largest spec, with room for spaces and line breaks that its canonical form lacks. */
  bodyBytes: 6 * 1024 * 1024,
} as const
