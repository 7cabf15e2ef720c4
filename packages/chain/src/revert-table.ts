/** What each refusal of a contract means for its caller. A test fails when a contract has an error that is not here. */
import { errorCodes, type ErrorCode } from '@assay/protocol'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'
import { usdcAbi } from './abi/usdc.ts'

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
  'terms-invalid': 'FeeBpsOverCap RefundBeforeSettle RefundTooLate ZeroAggregator ZeroAmount ZeroClient',
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

/** Texts of USDC (FiatTokenV2_2) by code, in lower case; a refusal counts when it contains one of them. */
const tokenTexts: Partial<Record<ErrorCode, readonly string[]>> = {
  'account-blocked': ['account is blacklisted'],
  'allowance-insufficient': ['exceeds allowance'],
  'authorization-invalid': ['authorization is', 'permit is expired'],
  'balance-insufficient': ['amount exceeds balance'],
  'signature-invalid': ['invalid signature'],
  'terms-invalid': ['transfer to the zero address', 'transfer from the zero address'],
  'token-refused': ['pausable: paused'],
  unauthorized: ['caller must be the payee'],
}

const namesOf = (text: string | undefined): readonly string[] => text?.trim().split(/\s+/) ?? []
const codeByName: ReadonlyMap<string, ErrorCode> = new Map(
  errorCodes.flatMap((code) => namesOf(errorNames[code]).map((name): [string, ErrorCode] => [name, code])),
)

/** Names that the table maps, in its order; a name on two lines stands here twice. */
export const mappedErrorNames: readonly string[] = errorCodes.flatMap((code) => namesOf(errorNames[code]))

/** Every item of every contract, so that an error is understood whichever contract it comes from. */
export const allAbis = [...escrowAbi, ...disputesAbi, ...stakesAbi, ...quorumsAbi, ...usdcAbi] as const

/** Code of a custom error; `undefined` for one that no contract of ours has. */
export const codeOfError = (name: string): ErrorCode | undefined => codeByName.get(name)

/** Code of a refusal in words, as the token gives them; `undefined` for words that nobody knows. */
export function codeOfText(text: string): ErrorCode | undefined {
  const lower = text.toLowerCase()
  return errorCodes.find((code) => tokenTexts[code]?.some((part) => lower.includes(part)))
}
