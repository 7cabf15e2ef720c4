/**
 * What the token's issuer can stop in Disputes and Stakes, and what not: `ok`, or the error that the token gives. The tests
 * of `dispute-hazards.test.ts` are generated from this, and the table in README.md is compared with it.
 */
import { renderGrid } from './render-grid.ts'

export const HAZARDS = [
  'paused',
  'parties blacklisted',
  'disputes blacklisted',
  'stakes blacklisted',
  'transfers refused with false',
] as const

export type Hazard = (typeof HAZARDS)[number]

const PAUSED = 'Pausable: paused'
const LISTED = 'Blacklistable: account is blacklisted'
const FALSE = 'SafeERC20FailedOperation'
const UNTOUCHED = HAZARDS.map(() => 'ok')

/** One result per hazard, in the order of `HAZARDS`. The parties are everybody but the one who is paid elsewhere. */
export const HAZARD_CALLS = {
  submitVerdict: UNTOUCHED,
  appeal: [PAUSED, LISTED, LISTED, 'ok', FALSE],
  submitRuling: UNTOUCHED,
  'finalizeVerdict, guilty': [PAUSED, 'ok', LISTED, LISTED, FALSE],
  'finalizeVerdict, innocent': UNTOUCHED,
  'finalizeVerdict, innocent by a silent bench': UNTOUCHED,
  'a proof': [PAUSED, 'ok', LISTED, LISTED, FALSE],
  'withdrawCredit to itself': [PAUSED, LISTED, LISTED, 'ok', FALSE],
  'withdrawCredit to another': [PAUSED, 'ok', LISTED, 'ok', FALSE],
  stake: [PAUSED, LISTED, 'ok', LISTED, FALSE],
  requestUnbond: UNTOUCHED,
  'finishUnbond to itself': [PAUSED, LISTED, 'ok', LISTED, FALSE],
  'finishUnbond to another': [PAUSED, 'ok', 'ok', LISTED, FALSE],
} as const satisfies Record<string, readonly string[]>

export type HazardCall = keyof typeof HAZARD_CALLS

/** The table as README.md shows it. */
export function renderHazardTable(): string {
  return renderGrid('call', HAZARDS, Object.entries(HAZARD_CALLS))
}
