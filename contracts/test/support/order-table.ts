/**
 * What each function of the escrow does to an order in each state, whoever calls. `ok` or the custom error. The tests of
 * `order-states.test.ts` are generated from this, and the table in README.md is compared with it.
 */
export const STATES = [
  'unknown',
  'funded, before settleBy',
  'funded, from settleBy',
  'funded, from refundAt',
  'settled, rest left',
  'settled, nothing left',
  'refunded',
] as const

export type State = (typeof STATES)[number]

export interface Row {
  /** Function and, where it matters, caller. */
  readonly action: Action
  /** One result per state, in the order of `STATES`. */
  readonly results: readonly string[]
}

export type Action =
  | 'fund by the client'
  | 'fund by anyone else'
  | 'fundWithAuthorization'
  | 'settle, signed by its quorum'
  | 'settle, signed by another quorum'
  | 'settleByClient'
  | 'refund'

const EXISTS = Array.from({ length: 6 }, () => 'OrderExists')

/** Orders that name a quorum. */
export const QUORUM_ORDERS: readonly Row[] = [
  { action: 'fund by the client', results: ['ok', ...EXISTS] },
  { action: 'fund by anyone else', results: STATES.map(() => 'NotClient') },
  { action: 'fundWithAuthorization', results: ['ok', ...EXISTS] },
  {
    action: 'settle, signed by its quorum',
    results: ['OrderUnknown', 'ok', 'TooLate', 'TooLate', 'OrderClosed', 'OrderClosed', 'OrderClosed'],
  },
  {
    action: 'settle, signed by another quorum',
    results: ['OrderUnknown', 'WrongQuorum', 'WrongQuorum', 'WrongQuorum', 'OrderClosed', 'OrderClosed', 'OrderClosed'],
  },
  {
    action: 'settleByClient',
    results: ['OrderUnknown', 'WrongQuorum', 'WrongQuorum', 'WrongQuorum', 'OrderClosed', 'OrderClosed', 'OrderClosed'],
  },
  { action: 'refund', results: ['OrderUnknown', 'TooEarly', 'TooEarly', 'ok', 'ok', 'NothingLeft', 'OrderClosed'] },
]

/** Orders with quorum id 0, which only their client can settle. */
export const CLIENT_ORDERS: readonly Row[] = [
  {
    action: 'settle, signed by another quorum',
    results: ['OrderUnknown', 'WrongQuorum', 'WrongQuorum', 'WrongQuorum', 'OrderClosed', 'OrderClosed', 'OrderClosed'],
  },
  {
    action: 'settleByClient',
    results: ['OrderUnknown', 'ok', 'TooLate', 'TooLate', 'OrderClosed', 'OrderClosed', 'OrderClosed'],
  },
  { action: 'refund', results: ['OrderUnknown', 'TooEarly', 'TooEarly', 'ok', 'ok', 'NothingLeft', 'OrderClosed'] },
]

/** The table as README.md shows it. */
export function renderTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const body = rows.map(({ action, results }) => line([action, ...results]))
  return [line(['call', ...STATES]), line(['---', ...STATES.map(() => '---')]), ...body].join('\n')
}
