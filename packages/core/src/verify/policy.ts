import { basisPoints, ppm } from '@assay/protocol'

/**
 * The numbers of the audit game. With a rate of at least σ·P/((d−α)(P+A)) a cheat loses more than it gains,
 * whatever it fakes and however long it waits (docs/economics.md derives it).
 */
export const verificationPolicy = {
  /** σ: how many times over deterrence must hold; 2 also covers a bribe worth half of a slash. */
  safetyFactor: 2n,
  /** d: chance that a sampled fake ends in a conviction, with lazy and colluding validators allowed for. */
  catchPpm: 735_000n,
  /** α: chance that an honest result is convicted. */
  falseConvictionPpm: 1_000n,
  /** No stake, however large, buys less audit than this. */
  rateFloorPpm: ppm(10_000),
  /** Audited passes in a row before a provider may be audited less than always. */
  probationPasses: 10,
  /** A slash takes at least this many times the price, stake allowing. */
  slashMinPrices: 10,
  /** A provider gets no shard with less at stake than this many prices: what a small stake can lose, a bribe can pay. */
  leastStakePrices: 10,
  /** A slash for a result outside of a tolerance takes at most this many times the price. */
  reducedSlashPrices: 5,
  /** Unsettled value of a provider at most stake divided by this. */
  exposureDivisor: 2n,
  /** Epochs in which a member acknowledges one commit: the second is for an aggregator that failed, a third would only be another draw of the auditor. */
  mostProposals: 2,
  /** How long after a lease's deadline a counter-commit may reach a validator: enough to notice and to carry it there. */
  counterGraceMs: 30_000,
  /** How long after `refundAt` a settled commit can be challenged: provider and validators keep what an audit needs for a day. */
  lateChallengeMs: 20 * 60 * 60 * 1000,
  /** Seats of the first, single audit. */
  auditSeats: 1,
  /** Seats of the panel after a mismatch. */
  panelSeats: 3,
  /** Equal results that make a majority of the panel. */
  panelMajority: 2,
  /** Seats asked after those, one by one, when a seat does not answer. */
  alternates: 2,
  /** Seats of the panel that hears the first, second and third appeal on chain. */
  appealSeats: [7, 15, 31],
  /** What a validator that a panel outvoted loses of its stake the first, second and every later time; `unopenedFees` at least. */
  outvotedBps: [basisPoints(1_000), basisPoints(5_000), basisPoints(10_000)],
  /** What a validator loses at least, and when it never shows its committed result, in audit fees: what makes 2 % of ringers deter. */
  unopenedFees: 100,
  /** Most that `Disputes` takes for one fault, in multiples of the order's amount: its `SLASH_MULTIPLE`. */
  chainSlashMultiple: 300n,
  /** Bond of a first appeal, as a share of the slash: `Disputes.APPEAL_BOND_BPS`. */
  appealBondBps: basisPoints(2_500),
} as const
