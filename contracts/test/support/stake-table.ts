/**
 * What each call does to an operator in each state: `ok`, or the error. The tests of `stake-states.test.ts` are generated
 * from this, and the tables in README.md are compared with it.
 */
import { type Row, UNCHANGED } from './behaviour-table.ts'

export const STAKE_STATES = [
  'unknown',
  'nothing staked',
  'staked',
  'leaving, before unbondAt',
  'leaving, from unbondAt',
  'held',
  'held and leaving, from unbondAt',
] as const

export type StakeState = (typeof STAKE_STATES)[number]

export type StakeCall =
  | 'register'
  | 'updateProfile'
  | 'stake'
  | 'stakeWithAuthorization, by anyone'
  | 'requestUnbond'
  | 'cancelUnbond'
  | 'finishUnbond'
  | 'requestPayoutChange'
  | 'hold, by disputes'
  | 'release, by disputes'
  | 'slash, by disputes'
  | 'hold, by anyone else'
  | 'release, by anyone else'
  | 'slash, by anyone else'

const OK = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'] as const
const IDLE = 'NothingUnbonding'
const KNOWN_ONLY = ['NotRegistered', ...OK] as const
const REFUSED = STAKE_STATES.map(() => 'NotAllowed')
const ALONE = { stopped: UNCHANGED } as const

/** Calls are by the operator itself, unless said otherwise. */
export const STAKE_ROWS: readonly Row<StakeCall>[] = [
  { action: 'register', results: ['ok', ...OK.map(() => 'AlreadyRegistered')], stopped: 'IntakeClosed' },
  { action: 'updateProfile', results: KNOWN_ONLY, ...ALONE },
  { action: 'stake', results: KNOWN_ONLY, ...ALONE },
  { action: 'stakeWithAuthorization, by anyone', results: KNOWN_ONLY, ...ALONE },
  { action: 'requestUnbond', results: ['NotRegistered', 'InsufficientStake', 'ok', 'ok', 'ok', 'ok', 'ok'], ...ALONE },
  { action: 'cancelUnbond', results: ['NotRegistered', IDLE, IDLE, 'ok', 'ok', IDLE, 'ok'], ...ALONE },
  {
    action: 'finishUnbond',
    results: ['NotRegistered', IDLE, IDLE, 'TooEarly', 'ok', IDLE, 'StakeHeld'],
    ...ALONE,
  },
  { action: 'requestPayoutChange', results: KNOWN_ONLY, ...ALONE },
  { action: 'hold, by disputes', results: KNOWN_ONLY, ...ALONE },
  {
    action: 'release, by disputes',
    results: ['NotRegistered', 'Panic', 'Panic', 'Panic', 'Panic', 'ok', 'ok'],
    ...ALONE,
  },
  { action: 'slash, by disputes', results: KNOWN_ONLY, ...ALONE },
  { action: 'hold, by anyone else', results: REFUSED, ...ALONE },
  { action: 'release, by anyone else', results: REFUSED, ...ALONE },
  { action: 'slash, by anyone else', results: REFUSED, ...ALONE },
]

export const PAYOUT_STATES = [
  'no change under way',
  'under way, before the delay',
  'under way, after the delay',
] as const

export type PayoutState = (typeof PAYOUT_STATES)[number]

export type PayoutCall =
  | 'requestPayoutChange, by the operator'
  | 'cancelPayoutChange, by the operator'
  | 'cancelPayoutChange, by the payout address'
  | 'cancelPayoutChange, by the address to come'
  | 'cancelPayoutChange, by anyone else'
  | 'finishPayoutChange, by anyone'

const CANCEL = ['NoPayoutChange', 'ok', 'ok'] as const
const NOT_YOURS = ['NotAllowed', 'NotAllowed', 'NotAllowed'] as const

/** The operator is registered; what it staked does not matter. */
export const PAYOUT_ROWS: readonly Row<PayoutCall>[] = [
  { action: 'requestPayoutChange, by the operator', results: ['ok', 'ok', 'ok'] },
  { action: 'cancelPayoutChange, by the operator', results: CANCEL },
  { action: 'cancelPayoutChange, by the payout address', results: CANCEL },
  { action: 'cancelPayoutChange, by the address to come', results: NOT_YOURS },
  { action: 'cancelPayoutChange, by anyone else', results: NOT_YOURS },
  { action: 'finishPayoutChange, by anyone', results: ['NoPayoutChange', 'TooEarly', 'ok'] },
]
