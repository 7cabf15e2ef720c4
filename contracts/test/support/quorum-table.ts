/**
 * What `createQuorum` and `verify` say to each input: `ok`, or the error. The tests of `quorums.test.ts` are generated from
 * this, and the tables in README.md are compared with it.
 */
import { renderGrid } from './render-grid.ts'

export const CREATE_CASES = {
  'one member, threshold 1': 'ok',
  '64 members, threshold 33': 'ok',
  '65 members': 'TooManyMembers',
  'no member': 'BadThreshold',
  'threshold 0': 'BadThreshold',
  'threshold half of the members': 'BadThreshold',
  'threshold above the members': 'BadThreshold',
  'members out of order': 'MembersNotSorted',
  'a member twice': 'MembersNotSorted',
  'the zero address': 'MembersNotSorted',
  'a member that never registered': 'NotStakedValidator',
  'a member that is no validator': 'NotStakedValidator',
  'a member whose stake is leaving': 'NotStakedValidator',
  'appeals to a larger quorum': 'ok',
  'appeals to one of the same size': 'AppealNotLarger',
  'appeals to a smaller one': 'AppealNotLarger',
  'appeals to itself': 'QuorumUnknown',
  'appeals to one to come': 'QuorumUnknown',
} as const satisfies Record<string, string>

export type CreateCase = keyof typeof CREATE_CASES

export const VERIFY_CASES = {
  'threshold signatures': 'ok',
  'all members': 'ok',
  'a member whose stake left': 'ok',
  'one less than the threshold': 'QuorumNotMet',
  'no signature': 'QuorumNotMet',
  'a byte too few': 'BadSignaturesLength',
  'one signer twice': 'SignersNotSorted',
  'signers out of order': 'SignersNotSorted',
  "a stranger's among them": 'NotMember',
  'beyond the threshold, a bad one': 'NotMember',
  'of another digest': 'NotMember',
  'high s': 'BadQuorumSignature',
  'v of 0 and 1': 'BadQuorumSignature',
  zeros: 'BadQuorumSignature',
  'of quorum 0': 'QuorumUnknown',
  'of a quorum to come': 'QuorumUnknown',
} as const satisfies Record<string, string>

export type VerifyCase = keyof typeof VERIFY_CASES

/** The tables as README.md shows them. */
export function renderQuorumTables(): string[] {
  const rows = (cases: Record<string, string>) =>
    Object.entries(cases).map(([name, result]) => [name, [result]] as const)
  return [
    renderGrid('`createQuorum`', ['result'], rows(CREATE_CASES)),
    renderGrid('`verify`, signatures', ['result'], rows(VERIFY_CASES)),
  ]
}
