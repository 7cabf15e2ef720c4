/** What each custom error of the contracts means for its caller: one of our codes. */
import { errorCodes, type ErrorCode } from './error-table.ts'

/** Custom errors by code. To map a new one, add its name to the line of the code whose next step fits its caller. */
const errorNames: Partial<Record<ErrorCode, string>> = {
  'appeal-pending': 'AppealUnderWay',
  'batch-invalid': `
    BadLength EmptyBatch FeeOverCap LedgerOverflow OrdersNotSorted OverCeiling Overdraw PayoutsNotSorted
    TabOverdraw TabReplayed TabsNotSorted Unbalanced UnknownOperator WrongQuorum
  `,
  'config-invalid': `
    InvalidShortString StakeLeavesTooSoon StringTooLong WiredApart WrongToken
    ZeroDailyCap
  `,
  'deadline-passed': 'TooLate',
  'deposit-incomplete': 'DepositTooSmall',
  'intake-stopped': 'IntakeClosed',
  'no-quorum': 'QuorumNotMet',
  'nothing-due': 'IntakeOpen NoPayoutChange NoTabExit NothingLeft NothingToSweep NothingToWithdraw NothingUnbonding',
  'operator-exists': 'AlreadyRegistered',
  'operator-invalid': 'BadRoles ZeroPayout',
  'operator-unknown': 'NotOperator NotRegistered',
  'order-exists': 'OrderClosed OrderExists',
  'order-not-funded': 'OrderUnknown',
  'quorum-invalid': 'AppealNotLarger BadThreshold MembersNotSorted NotStakedValidator TooManyMembers',
  'quorum-unknown': 'NoAppeal QuorumUnknown',
  'signature-invalid': `
    BadQuorumSignature BadSignature BadSignaturesLength ECDSAInvalidSignature
    ECDSAInvalidSignatureLength ECDSAInvalidSignatureS NotMember SignersNotSorted
  `,
  'slash-limit': 'DailyLimitReached',
  'stake-held': 'StakeHeld',
  'stake-insufficient': 'InsufficientStake',
  'terms-invalid': 'FeeBpsOverCap RefundBeforeSettle RefundTooLate TabFull ZeroAggregator ZeroAmount ZeroClient',
  'token-refused': `
    ReentrancyGuardReentrantCall SafeERC20FailedDecreaseAllowance SafeERC20FailedOperation ShortTransfer
  `,
  'too-early': 'DepositStillFundable GuardianRests TooEarly',
  // Cloning a deposit account: its address is free and it costs no coins.
  'transaction-reverted': 'FailedDeployment InsufficientBalance',
  unauthorized: 'NotAllowed NotClient NotEscrow NotGuardian NotSelf NotSlasher',
  'verdict-exists': 'VerdictClosed VerdictExists',
  'verdict-invalid': `
    BadOutcome DetectorIsAccused NoConflict NotInvolved SlashOverCap WrongOrder ZeroDetector ZeroSlash
  `,
  'verdict-unknown': 'NotAppealed VerdictUnknown',
}

const namesOf = (text: string | undefined): readonly string[] => text?.trim().split(/\s+/) ?? []

/** Names that the table maps, in its order; a name on two lines would stand here twice. */
export const revertNames: readonly string[] = errorCodes.flatMap((code) => namesOf(errorNames[code]))

const codeByName: ReadonlyMap<string, ErrorCode> = new Map(
  errorCodes.flatMap((code) => namesOf(errorNames[code]).map((name): [string, ErrorCode] => [name, code])),
)

/** Code of a custom error; `undefined` for one that no contract of ours has. */
export const codeOfRevert = (name: string): ErrorCode | undefined => codeByName.get(name)
