/**
 * What each call does to a verdict in each state, whoever calls: the new state in a word, or the error. The tests of
 * `verdict-states.test.ts` are generated from this, and the table in README.md is compared with it.
 */
import { renderGrid } from './render-grid.ts'

export const VERDICT_CALLS = ['submit', 'appeal', 'ruling: guilty', 'ruling: innocent', 'finalize'] as const

export type VerdictCall = (typeof VERDICT_CALLS)[number]

const NEITHER = ['NotAppealed', 'NotAppealed'] as const
const CLOSED = ['VerdictClosed', 'VerdictClosed', 'VerdictClosed', 'VerdictClosed'] as const
const UNKNOWN = ['VerdictUnknown', 'VerdictUnknown', 'VerdictUnknown', 'VerdictUnknown'] as const

/** One result per call, in the order of `VERDICT_CALLS`. */
export const VERDICT_STATES = {
  unknown: ['pending', ...UNKNOWN],
  'pending, before closesAt': ['VerdictExists', 'appealed', ...NEITHER, 'TooEarly'],
  'pending, from closesAt': ['VerdictExists', 'TooLate', ...NEITHER, 'taken'],
  'appealed, before closesAt': ['VerdictExists', 'AppealUnderWay', 'confirmed', 'turned', 'TooEarly'],
  'appealed, from closesAt': ['VerdictExists', 'AppealUnderWay', 'TooLate', 'TooLate', 'taken, bond back'],
  'ruled guilty, before closesAt': ['VerdictExists', 'appealed', ...NEITHER, 'TooEarly'],
  'ruled guilty, from closesAt': ['VerdictExists', 'TooLate', ...NEITHER, 'taken'],
  'ruled innocent, before closesAt': ['VerdictExists', 'appealed', ...NEITHER, 'TooEarly'],
  'ruled innocent, from closesAt': ['VerdictExists', 'TooLate', ...NEITHER, 'acquitted'],
  'innocence appealed, before closesAt': ['VerdictExists', 'AppealUnderWay', 'turned', 'confirmed', 'TooEarly'],
  'innocence appealed, from closesAt': [
    'VerdictExists',
    'AppealUnderWay',
    'TooLate',
    'TooLate',
    'acquitted, bond back',
  ],
  'ruled guilty by the last bench': ['VerdictExists', 'NoAppeal', ...NEITHER, 'taken'],
  'ruled innocent by the last bench': ['VerdictExists', 'NoAppeal', ...NEITHER, 'acquitted'],
  'taken in part, the same day': ['VerdictExists', 'TooLate', ...NEITHER, 'DailyLimitReached'],
  'taken in part, a later day': ['VerdictExists', 'TooLate', ...NEITHER, 'taken'],
  'over, convicted': ['VerdictExists', ...CLOSED],
  'over, acquitted': ['VerdictExists', ...CLOSED],
} as const satisfies Record<string, readonly string[]>

export type VerdictState = keyof typeof VERDICT_STATES

/** The table as README.md shows it. */
export function renderVerdictTable(): string {
  return renderGrid('verdict', VERDICT_CALLS, Object.entries(VERDICT_STATES))
}

/** What an appeal answers to each appellant; refused, it changes nothing. */
export const APPELLANTS = {
  'the accused, client, detector, aggregator, a judge or a stranger': 'appealed',
  'one who approved nothing': 'ERC20: transfer amount exceeds allowance',
  'one who has less than the bond': 'ERC20: transfer amount exceeds balance',
  "one on the token's blacklist": 'Blacklistable: account is blacklisted',
  'anyone, while the token is paused': 'Pausable: paused',
  'anyone, once the token takes a fee': 'ShortTransfer',
  'anyone, where the quorum names no other': 'NoAppeal',
} as const satisfies Record<string, string>

export type Appellant = keyof typeof APPELLANTS

/** The table as README.md shows it. */
export function renderAppellants(): string {
  return renderGrid(
    'appellant',
    ['result'],
    Object.entries(APPELLANTS).map(([name, result]) => [name, [result]] as const),
  )
}
