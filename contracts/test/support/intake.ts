/** The table of what a guardian's stop does. */
import type { Row } from './behaviour-table.ts'

export const INTAKE_STATES = [
  'never stopped',
  'stopped',
  'opened by the guardian',
  'open again by itself',
  'rest over',
] as const

export type IntakeState = (typeof INTAKE_STATES)[number]

export type GuardianAction =
  | 'stopIntake by the guardian'
  | 'stopIntake by anyone else'
  | 'resumeIntake by the guardian'
  | 'resumeIntake by anyone else'

export type EscrowIntake =
  'fund' | 'fundWithAuthorization' | 'fundMany' | 'fundFromDepositAddress' | 'topUpTab' | 'topUpTabWithAuthorization'

export type StakesIntake = 'Stakes.register'

const all = (result: string) => INTAKE_STATES.map(() => result)
const stopped = (error: string) => all('ok').with(INTAKE_STATES.indexOf('stopped'), error)

/** Both contracts that take something in have these. */
export const GUARDIAN_ROWS: readonly Row<GuardianAction>[] = [
  {
    action: 'stopIntake by the guardian',
    results: ['ok', 'GuardianRests', 'GuardianRests', 'GuardianRests', 'ok'],
  },
  { action: 'stopIntake by anyone else', results: all('NotGuardian') },
  { action: 'resumeIntake by the guardian', results: ['IntakeOpen', 'ok', 'IntakeOpen', 'IntakeOpen', 'IntakeOpen'] },
  { action: 'resumeIntake by anyone else', results: all('NotGuardian') },
]

/** All that the escrow takes in. */
export const ESCROW_INTAKE_ROWS: readonly Row<EscrowIntake>[] = [
  { action: 'fund', results: stopped('IntakeClosed') },
  { action: 'fundWithAuthorization', results: stopped('IntakeClosed') },
  { action: 'fundMany', results: stopped('skips: IntakeClosed') },
  { action: 'fundFromDepositAddress', results: stopped('IntakeClosed') },
  { action: 'topUpTab', results: stopped('IntakeClosed') },
  { action: 'topUpTabWithAuthorization', results: stopped('IntakeClosed') },
]

/** All that the stakes contract takes in that can be stopped. */
export const STAKES_INTAKE_ROWS: readonly Row<StakesIntake>[] = [
  { action: 'Stakes.register', results: stopped('IntakeClosed') },
]

export const INTAKE_ROWS: readonly Row[] = [...GUARDIAN_ROWS, ...ESCROW_INTAKE_ROWS, ...STAKES_INTAKE_ROWS]
