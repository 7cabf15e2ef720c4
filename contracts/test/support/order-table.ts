/**
 * What each function of the escrow does to an order in each state, whoever calls. `ok` or the custom error. The tests of
 * `order-states.test.ts` are generated from this, and the table in README.md is compared with it.
 */
import { type Row, UNCHANGED } from './behaviour-table.ts'

export const STATES = [
  'unknown, before settleBy',
  'unknown, from settleBy',
  'funded, before settleBy',
  'funded, from settleBy',
  'funded, from refundAt',
  'settled, rest left',
  'settled, nothing left',
  'refunded',
] as const

export type State = (typeof STATES)[number]

export type Action =
  | 'fund by the client'
  | 'fund by anyone else'
  | 'fundWithAuthorization'
  | 'fundMany'
  | 'fundOne'
  | 'fundFromDepositAddress'
  | 'settle, signed by its quorum'
  | 'settle, signed by another quorum'
  | 'settle, naming quorum 0'
  | 'settleByClient'
  | 'refund'

/** `fundMany` never fails for one order: it notes why and goes on. */
const skips = (error: string) => `skips: ${error}`
const six = (result: string) => Array.from({ length: 6 }, () => result)
const NEW_ONLY = ['ok', 'TooLate', ...six('OrderExists')]

const SETTLE_ELSEWHERE = [
  'OrderUnknown',
  'OrderUnknown',
  'WrongQuorum',
  'WrongQuorum',
  'WrongQuorum',
  'OrderClosed',
  'OrderClosed',
  'OrderClosed',
]
const SETTLE_HERE = [
  'OrderUnknown',
  'OrderUnknown',
  'ok',
  'TooLate',
  'TooLate',
  'OrderClosed',
  'OrderClosed',
  'OrderClosed',
]
const REFUND: Row<Action> = {
  action: 'refund',
  results: ['OrderUnknown', 'OrderUnknown', 'TooEarly', 'TooEarly', 'ok', 'ok', 'NothingLeft', 'OrderClosed'],
  stopped: UNCHANGED,
}
const FUNDING: readonly Row<Action>[] = [
  { action: 'fund by the client', results: NEW_ONLY, stopped: 'IntakeClosed' },
  { action: 'fund by anyone else', results: STATES.map(() => 'NotClient'), stopped: UNCHANGED },
  { action: 'fundWithAuthorization', results: NEW_ONLY, stopped: 'IntakeClosed' },
  {
    action: 'fundMany',
    results: ['ok', skips('TooLate'), ...six(skips('OrderExists'))],
    stopped: skips('IntakeClosed'),
  },
  { action: 'fundOne', results: STATES.map(() => 'NotSelf'), stopped: UNCHANGED },
  { action: 'fundFromDepositAddress', results: NEW_ONLY, stopped: 'IntakeClosed' },
]

/** Orders that name a quorum. */
export const QUORUM_ORDERS: readonly Row<Action>[] = [
  ...FUNDING,
  { action: 'settle, signed by its quorum', results: SETTLE_HERE, stopped: UNCHANGED },
  { action: 'settle, signed by another quorum', results: SETTLE_ELSEWHERE, stopped: UNCHANGED },
  { action: 'settleByClient', results: SETTLE_ELSEWHERE, stopped: UNCHANGED },
  REFUND,
]

/** Orders with quorum id 0, which only their client can settle. */
export const CLIENT_ORDERS: readonly Row<Action>[] = [
  ...FUNDING,
  { action: 'settle, naming quorum 0', results: STATES.map(() => 'QuorumUnknown'), stopped: UNCHANGED },
  { action: 'settle, signed by another quorum', results: SETTLE_ELSEWHERE, stopped: UNCHANGED },
  { action: 'settleByClient', results: SETTLE_HERE, stopped: UNCHANGED },
  REFUND,
]
