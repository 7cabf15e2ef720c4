/** The figures of the market, as the interfaces and the behaviour tables name them. */

const DAY = 86_400

export const RULES = {
  /** Basis points in a whole. */
  bps: 10_000n,
  /** Highest fee that terms and vouchers may allow. */
  maxFeeBps: 500,
  /** Longest time from funding to `refundAt`. */
  maxRefundDelay: 7 * DAY,
  /** How long a tab's exit takes. */
  tabExitDelay: 7 * DAY,
  /** How long a guardian's stop lasts, and how long it rests afterwards. */
  maxStop: 7 * DAY,
  stopRest: 21 * DAY,
  /** Most members of a quorum. */
  maxMembers: 64,
  /** Time after `refundAt` in which a case can be brought. */
  verdictWindow: 3 * DAY,
  /** A slash is at most so many times what the order could cost. */
  slashMultiple: 300n,
  /** Bond of the first appeal; doubled for each appeal before. */
  appealBondBps: 2_500n,
  maxAppeals: 3,
  /** Shares of a slash; the fund gets the rest. */
  detectorBps: 4_000n,
  clientBps: 1_000n,
  /** A day of the slash cap, UTC. */
  day: DAY,
  maxUint64: 2n ** 64n - 1n,
} as const

/** Bit flags of an operator's roles. */
export const VALIDATOR_ROLE = 2
export const ALL_ROLES = 7
