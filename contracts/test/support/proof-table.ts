/**
 * What the three proofs answer to each pair of statements: `convicted`, or the error; `–` where a case does not exist. The
 * tests of `proofs.test.ts` are generated from this, and the table in README.md is compared with it.
 */
import { renderGrid } from './render-grid.ts'

export const PROOF_KINDS = ['equivocation', 'conflicting audits', 'conflicting batches'] as const

export type ProofKind = (typeof PROOF_KINDS)[number]

const NONE = '–'
const all = (result: string) => [result, result, result] as const
const ALL_INVOLVED = all('NotInvolved')

/** One result per kind, in the order of `PROOF_KINDS`. */
export const PROOF_CASES = {
  'two that contradict each other': all('convicted'),
  'in the other order': all('convicted'),
  'the same one twice': all('NoConflict'),
  'one commitment, sealed twice': ['NoConflict', NONE, NONE],
  'another round': [NONE, 'NoConflict', NONE],
  "another commitment of the same provider's attempt": [NONE, 'NoConflict', NONE],
  "another provider's commitment": [NONE, 'NoConflict', NONE],
  'charged the same, beside other orders': [NONE, NONE, 'NoConflict'],
  'charged the same, one of them beside other orders': [NONE, NONE, 'NoConflict'],
  'charged the same, one of them beside a tab': [NONE, NONE, 'NoConflict'],
  'charged the same, alone, paid to others': [NONE, NONE, 'convicted'],
  'charged differently, beside other orders': [NONE, NONE, 'convicted'],
  'one of another order': ['NotInvolved', 'NotInvolved', 'WrongOrder'],
  'one of another shard': ['NotInvolved', 'NotInvolved', NONE],
  'one of another attempt': ['NotInvolved', 'NotInvolved', NONE],
  'one of another operator': ALL_INVOLVED,
  'one in the name of another operator': ['NotInvolved', 'NotInvolved', NONE],
  'one that was changed': ALL_INVOLVED,
  'one with high s': ALL_INVOLVED,
  'one without a signature': ALL_INVOLVED,
  'a position behind the last order': [NONE, NONE, 'WrongOrder'],
  'torn order records': [NONE, NONE, 'BadLength'],
  'the reporter is the accused': all('DetectorIsAccused'),
  'the reporter is the zero address': all('ZeroDetector'),
  'the accused is no operator': all('NotOperator'),
  'an order never funded': all('OrderUnknown'),
  'a job on a tab': all('convicted'),
  'an order without a quorum': all('convicted'),
  'an order that was refunded': all('convicted'),
  'the last second of the verdict window': all('convicted'),
  'a second later': all('TooLate'),
  'proved before, by others too': all('VerdictExists'),
  'after a verdict of the quorum for less': all('convicted'),
} as const satisfies Record<string, readonly [string, string, string]>

export type ProofCase = keyof typeof PROOF_CASES

/** The table as README.md shows it. */
export function renderProofTable(): string {
  return renderGrid('two statements', PROOF_KINDS, Object.entries(PROOF_CASES))
}
