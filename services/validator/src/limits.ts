/** Bounds of the validator, each with the reason for its number. */
export const validatorLimits = {
  /** Audits at once on one machine: an engine starts some three containers a second. */
  auditSlots: 64,
  /** Audits that wait for a slot; past this an alternate is faster. */
  auditQueue: 256,
  /** Tries to fetch one input before the audit is given up: one broken stream must not cost a seat. */
  fetchTries: 4,
  /** First pause between tries of fetching; doubles up to the second figure. */
  retryMs: 250,
  retryMaxMs: 5_000,
  /** Inputs fetched at once for one audit: enough to hide latency, few enough to share a home line. */
  fetchesAtOnce: 4,
  /** How long a provider may take to open when this validator asks it before it signs that it did not. */
  openingMs: 10_000,
  /** Peers of a role looked up in the DHT to find the one that is to be asked. */
  peersFound: 1_000,
  /** An advert is issued anew when less than this part of its life is left. */
  advertRenewShare: 0.5,
  /** Chain facts are trusted this long: within one block or two of Polygon. */
  chainFactMs: 2_000,
  /** Chain facts kept: a full epoch has 2048 orders and providers. */
  chainFacts: 8_192,
  /** So close to `settleBy` an aggregator may give up what is undecided, or nobody would be paid. */
  abandonMs: 60_000,
  /** Records are forgotten this long after their order became refundable: nothing can be signed about it any more. */
  keepOrderMs: 24 * 60 * 60 * 1000,
  /** A conviction binds what its provider had open: no order outlives its funding by more than 7 days. */
  keepConvictionMs: 8 * 24 * 60 * 60 * 1000,
  /** How often what was found against others is taken to the chain: proofs are good for days. */
  proveMs: 10_000,
  /** Claims of one provider in one order, and the sealed bytes held for them: more than a censored provider should need, and no way to fill a disk. */
  claimsPerProvider: 256,
  claimBytes: 256 * 1024 * 1024,
  /** A settlement that leaves a shard unpaid is signed only this long after it was first shown: a provider whose commit was dropped claims it within ten seconds. */
  claimWaitMs: 12_000,
  /** Orders whose wait is remembered; a forgotten one waits again. */
  claimWaits: 4_096,
  /** Commits of settled orders that one client may have re-run here in a day: unpaid work, enough for a ringer or a doubt. */
  lateAuditsPerClient: 32,
  /** Such a run may take this many time limits, plus the slack: as long as an aggregator waits for a seat. */
  lateAuditTimeFactor: 3,
  lateAuditSlackMs: 10_000,
  /** How often forgotten records are swept. */
  sweepMs: 10 * 60 * 1000,
  /** Samples that wait for a slot behind the audits: their clients have paid nothing, so no long line is kept for them. */
  gateQueue: 16,
  /** Samples run for one client in a day: programs change often while they are written, but each costs this machine two runs. */
  gatesPerClient: 24,
  /** Samples run for everybody in a day: keys of clients cost nothing, so a bound on each alone would be none. */
  gatesPerDay: 480,
  /** A client's request to certify is good for so long: a sample may wait behind audits. */
  gateRequestMs: 60 * 60 * 1000,
  /** Pause between the two runs of a sample at least, so that clocks that show whole seconds differ. */
  gatePauseMs: 1_100,
  /** How far the time on a certificate may be from this clock: it is set before the members are asked one by one. */
  certificateClockMs: 10 * 60 * 1000,
  /** Answers, certificates and revocations are kept twice the life of a certificate: an order may outlive it. */
  keepGateMs: 60 * 24 * 60 * 60 * 1000,
} as const
