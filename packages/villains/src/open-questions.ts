import { exposureRoom } from '@assay/core'
import { usdc } from '@assay/protocol'
import { referenceConditions, type Conditions } from './economics/conditions.ts'
import type { Rules } from './economics/rules.ts'
import type { Strategy, StrategyParameters } from './economics/strategy.ts'
import { strategies } from './strategies.ts'

/** An attack outside the limits within which the rules are claimed to hold, and what would end it. */
export interface OpenQuestion {
  readonly name: string
  /** Which limit it leaves behind. */
  readonly question: string
  readonly strategy: Strategy
  readonly parameters: StrategyParameters
  readonly conditions: Partial<Conditions>
  /** Where `core` is weaker than the simulator's own rules: what it does now. */
  readonly rules?: Partial<Rules>
  /** How many times the usual effort it takes to see; 1 unless given. */
  readonly effort?: number
  /** The smallest change known to end it; absent when none of the rules would. */
  readonly remedy?: {
    readonly change: string
    readonly rules?: Partial<Rules>
    readonly conditions?: Partial<Conditions>
    /** The villain's best answer to the change, when it is another than before. */
    readonly parameters?: StrategyParameters
  }
}

const { priceUsdc } = referenceConditions
const widely = 8
const half = (stake: number): number => Number(exposureRoom(usdc(BigInt(stake)), usdc(0n)))

/** Measured beside the strategies by `assay simulate --sweep long`, so that a limit is a number and not a hope. */
export const openQuestions: readonly OpenQuestion[] = [
  {
    name: 'burst-over-aggregators',
    question: `exposure is bounded at each aggregator alone; here ${widely} at once, and contagion stops at each`,
    strategy: strategies.burst,
    parameters: { passes: 200, fakes: 256 },
    conditions: { aggregators: widely },
    remedy: {
      change: 'members count what they acknowledged of a provider for all aggregators against half its stake',
      rules: { room: (stake) => Math.floor(half(stake) / widely) },
    },
  },
  {
    name: 'cheap-second-proposal',
    question:
      'a commit that its first seed drew is proposed again, at a full rate, and a slash at a full rate is ten prices',
    strategy: strategies['seed-grinding-aggregator'],
    parameters: { proposals: 2, fakes: 1, passes: 0 },
    conditions: { passesAtStart: 1_000_000 },
    rules: { slashesAtFirstRate: false },
    remedy: {
      change: 'a commit that is proposed again keeps its first rate for the slash, and is audited for certain',
    },
  },
  {
    name: 'silencing-seats',
    question:
      'aggregator, provider and a fifth of the seats are one; honest seats are called silent; work costs the whole price',
    strategy: strategies['steering-aggregator'],
    parameters: { passes: 200, fakes: 1, picks: 1 },
    conditions: { costUsdc: priceUsdc },
    remedy: {
      change: 'an alternate counts only when a threshold of members saw the seat silent',
      rules: { silenceConfirmed: true },
    },
  },
  {
    name: 'bribes-at-least-stake',
    question:
      'every honest auditor takes a bribe that is worth it, the stake is the least allowed, and work costs the whole price',
    strategy: strategies.briber,
    parameters: { bribe: 0.36, passes: 50, fakes: 1 },
    conditions: { stakeUsdc: 10 * priceUsdc, costUsdc: priceUsdc },
    remedy: {
      change: 'one shard in a hundred is a ringer, whose owner challenges a wrong answer and so finds the auditor too',
      conditions: { providerRingers: 0.01 },
      // What it takes now to be worth the auditor's risk.
      parameters: { bribe: 0.9, passes: 50, fakes: 1 },
    },
  },
  {
    name: 'unsteady-job-for-nothing',
    question:
      'any output is as good to the client, who gets the result sealed at once and is refunded when panels disagree',
    strategy: strategies['griefing-client'],
    parameters: { unsteady: 1 },
    conditions: { unverifiedWorth: 1, auditFeeUsdc: 0.01 * priceUsdc },
    remedy: {
      change: 'the provider is paid in full when a whole panel finds no majority',
      rules: { unsteadyPays: 1 },
    },
  },
  {
    name: 'client-earns-on-slashes',
    question:
      'a job that seldom varies passes its certification, and the stake behind it is large, so that audits are few and slashes dear',
    strategy: strategies['griefing-client'],
    parameters: { unsteady: 0.1, shards: 1 },
    effort: 20,
    conditions: { stakeUsdc: 300 * priceUsdc },
    remedy: {
      change: 'no share of a slash for the client, whose price is returned anyway',
      rules: { clientBps: 0 },
    },
  },
  {
    name: 'job-that-turns',
    question:
      'a certified job gives one result before an instant and another after it: every auditor disagrees with the provider',
    strategy: strategies['griefing-client'],
    parameters: { unsteady: 0, turns: 1 },
    conditions: { unverifiedWorth: 1, auditFeeUsdc: 0.01 * priceUsdc },
  },
  {
    name: 'hardware-that-is-mostly-right',
    question: 'cheaper hardware saves on every shard and differs in one of twenty only',
    strategy: strategies['fake-hardware-class'],
    parameters: { cost: 0.3, differs: 0.05, fakes: 25 },
    conditions: {},
  },
]
