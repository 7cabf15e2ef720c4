/**
 * What is the same for everybody in one simulated market. Money is a plain number of whole USDC base units: every amount
 * stays far below 2^53, so sums are exact, and the means and errors that come out of them are fractions anyway. Rates and
 * slashes come from `core`, in its own units.
 */
export interface Conditions {
  /** P: price of a shard. */
  readonly priceUsdc: number
  /** A: seizable stake of a provider that begins. */
  readonly stakeUsdc: number
  /** K: what honest work on a shard costs, and so all that can be saved by not doing it. */
  readonly costUsdc: number
  /** v: fee of one audit. */
  readonly auditFeeUsdc: number
  /** What an honest audit costs the validator. */
  readonly auditCostUsdc: number
  /** Stake of one validator. */
  readonly validatorStakeUsdc: number
  /** f: share of the seats that is on the villain's side. */
  readonly collusion: number
  /** β: chance that a single auditor repeats an answer that leaked to it instead of computing. */
  readonly laziness: number
  /** Chance that an honest run gives another result. */
  readonly bitFlip: number
  /** Share of shards whose right answer the client knows already, and challenges when it gets another. */
  readonly providerRingers: number
  /** h: share of audits whose leaked answer is wrong on purpose. */
  readonly validatorRingers: number
  /** Aggregators that a provider works for at once. Exposure is bounded at each alone. */
  readonly aggregators: number
  /** Most shards that a provider gets in one epoch of one aggregator; exposure may allow fewer. */
  readonly epochShards: number
  /** Share of the honest auditors that take a bribe which is worth it to them. */
  readonly bribable: number
  /** What an unverified result is worth to a client that is refunded for it, as a share of the price. */
  readonly unverifiedWorth: number
  /** k of a provider that begins: 0 for a newcomer. */
  readonly passesAtStart: number
  /** Chance that a seat which was asked does not answer, so that the next is asked. */
  readonly noShow: number
}

const usdcBase = 1_000_000

/** The reference point: P = 1, A = 50 USDC, f = 20 %, and the costs that the research page assumes. */
export const referenceConditions: Conditions = {
  priceUsdc: usdcBase,
  stakeUsdc: 50 * usdcBase,
  costUsdc: 0.7 * usdcBase,
  auditFeeUsdc: usdcBase,
  auditCostUsdc: 0.7 * usdcBase,
  validatorStakeUsdc: 200 * usdcBase,
  collusion: 0.2,
  laziness: 0.05,
  bitFlip: 0,
  providerRingers: 0,
  validatorRingers: 0.02,
  aggregators: 1,
  epochShards: 256,
  bribable: 1,
  unverifiedWorth: 0,
  passesAtStart: 0,
  noShow: 0,
}
