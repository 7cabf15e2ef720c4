/** What each refusal of a contract means for its caller. A test fails when a contract has an error that is not here. */
import { errorCodes, type ErrorCode } from '@assay/protocol'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'
import { usdcAbi } from './abi/usdc.ts'

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

/** Every item of every contract, so that an error is understood whichever contract it comes from. */
export const allAbis = [...escrowAbi, ...disputesAbi, ...stakesAbi, ...quorumsAbi, ...usdcAbi] as const

/** Code of a refusal in words, as the token gives them; `undefined` for words that nobody knows. */
export function codeOfText(text: string): ErrorCode | undefined {
  const lower = text.toLowerCase()
  return errorCodes.find((code) => tokenTexts[code]?.some((part) => lower.includes(part)))
}
