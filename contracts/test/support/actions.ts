/** Calls to the market as data: what the model and the chain are both given, and what a failing run prints. */
import {
  type Abi,
  type AbiFunction,
  type Hex,
  encodeAbiParameters,
  encodeErrorResult,
  encodeFunctionData,
  parseAbi,
  prepareEncodeFunctionData,
} from 'viem'

import { disputesAbi } from '../../../packages/chain/src/abi/disputes.ts'
import { escrowAbi } from '../../../packages/chain/src/abi/escrow.ts'
import { quorumsAbi } from '../../../packages/chain/src/abi/quorums.ts'
import { stakesAbi } from '../../../packages/chain/src/abi/stakes.ts'
import { usdcAbi } from '../../../packages/chain/src/abi/usdc.ts'
import { testUsdcAbi } from '../../deploy/test-usdc.ts'
import type { Batch, Verdict } from '../model/digests.ts'
import type { OrderTerms, Setting } from '../model/market.ts'
import type { Funding } from '../model/orders.ts'
import type {
  AuditProof,
  CommitProof,
  ConflictingAuditsProof,
  EquivocationProof,
  SignedBatch,
} from '../model/proofs.ts'
import type { Revert } from '../model/revert.ts'

/** Every call of the differential test, with its arguments as the ABI has them. */
export interface Calls {
  'escrow.fund': [terms: OrderTerms]
  'escrow.fundWithAuthorization': [terms: OrderTerms, validAfter: bigint, validBefore: bigint, signature: Hex]
  'escrow.fundMany': [fundings: readonly Funding[]]
  'escrow.fundOne': [funding: Funding]
  'escrow.fundFromDepositAddress': [terms: OrderTerms]
  'escrow.sweepToClient': [terms: OrderTerms, token: Hex]
  'escrow.depositAddressOf': [terms: OrderTerms]
  'escrow.settle': [batch: Batch, signatures: Hex]
  'escrow.settleByClient': [terms: OrderTerms, payouts: Hex, fee: bigint, resultsRoot: Hex, signature: Hex]
  'escrow.refund': [terms: OrderTerms]
  'escrow.withdrawEarnings': [index: number]
  'escrow.withdrawCredit': [to: Hex]
  'escrow.topUpTab': [client: Hex, aggregator: Hex, amount: bigint]
  'escrow.topUpTabWithAuthorization': [
    client: Hex,
    aggregator: Hex,
    amount: bigint,
    validAfter: bigint,
    validBefore: bigint,
    salt: Hex,
    signature: Hex,
  ]
  'escrow.startTabExit': [aggregator: Hex, amount: bigint]
  'escrow.finishTabExit': [client: Hex, aggregator: Hex]
  'escrow.stopIntake': []
  'escrow.resumeIntake': []
  'stakes.register': [payout: Hex, roles: number, metadataHash: Hex]
  'stakes.updateProfile': [roles: number, metadataHash: Hex]
  'stakes.stake': [amount: bigint]
  'stakes.stakeWithAuthorization': [
    operator: Hex,
    amount: bigint,
    validAfter: bigint,
    validBefore: bigint,
    nonce: Hex,
    signature: Hex,
  ]
  'stakes.requestUnbond': [amount: bigint]
  'stakes.cancelUnbond': []
  'stakes.finishUnbond': [to: Hex]
  'stakes.requestPayoutChange': [payout: Hex]
  'stakes.cancelPayoutChange': [operator: Hex]
  'stakes.finishPayoutChange': [operator: Hex]
  'stakes.hold': [operator: Hex, amount: bigint]
  'stakes.release': [operator: Hex, amount: bigint, convicted: boolean]
  'stakes.slash': [operator: Hex, amount: bigint]
  'stakes.stopIntake': []
  'stakes.resumeIntake': []
  'quorums.createQuorum': [members: readonly Hex[], threshold: number, appealQuorumId: number]
  'quorums.verify': [id: number, digest: Hex, signatures: Hex]
  'disputes.submitVerdict': [verdict: Verdict, terms: OrderTerms, proof: CommitProof, signatures: Hex]
  'disputes.submitValidatorVerdict': [verdict: Verdict, terms: OrderTerms, proof: AuditProof, signatures: Hex]
  'disputes.appeal': [verdictId: Hex]
  'disputes.submitRuling': [verdictId: Hex, guilty: boolean, evidence: Hex, signatures: Hex]
  'disputes.finalizeVerdict': [verdictId: Hex]
  'disputes.proveEquivocation': [proof: EquivocationProof, terms: OrderTerms, reporter: Hex]
  'disputes.proveConflictingAudits': [proof: ConflictingAuditsProof, terms: OrderTerms, reporter: Hex]
  'disputes.proveConflictingBatches': [
    validator: Hex,
    first: SignedBatch,
    second: SignedBatch,
    terms: OrderTerms,
    reporter: Hex,
  ]
  'disputes.withdrawCredit': [to: Hex]
  'token.transfer': [to: Hex, amount: bigint]
  'token.approve': [spender: Hex, amount: bigint]
  'token.cancelAuthorization': [authorizer: Hex, nonce: Hex, v: number, r: Hex, s: Hex]
  'token.mint': [to: Hex, amount: bigint]
  'token.setPaused': [on: boolean]
  'token.setBlacklisted': [account: Hex, on: boolean]
  'otherToken.mint': [to: Hex, amount: bigint]
  'otherToken.transfer': [to: Hex, amount: bigint]
  /** Straight to whatever stands at a deposit address. */
  'account.flush': [account: Hex, token: Hex, to: Hex, amount: bigint]
}

export type CallName = keyof Calls

/** One call by one account, in a block of this time. */
export type Action<K extends CallName = CallName> = {
  readonly [N in K]: { readonly at: number; readonly caller: Hex; readonly call: N; readonly args: Calls[N] }
}[K]

const accountAbi = parseAbi([
  'function flush(address token, address to, uint256 amount)',
  'error NotEscrow(address caller)',
])
const wordAbi = parseAbi(['error Error(string reason)', 'error Panic(uint256 code)'])
/** The contracts that a setting names. */
export type ContractName = 'escrow' | 'stakes' | 'quorums' | 'disputes' | 'token' | 'otherToken'

const tokenAbi = [...usdcAbi, ...testUsdcAbi]
export const ABIS: Readonly<Record<ContractName | 'account', Abi>> = {
  escrow: escrowAbi,
  stakes: stakesAbi,
  quorums: quorumsAbi,
  disputes: disputesAbi,
  token: tokenAbi,
  otherToken: tokenAbi,
  account: accountAbi,
}

/** What Solidity says when a sum passes its bits. */
const OVERFLOW_CODE = 0x11n

interface Prepared {
  readonly item: AbiFunction
  readonly selector: Hex
}

const functions = new Map<CallName, Prepared>()

function prepare(call: CallName): Prepared {
  const known = functions.get(call)
  if (known !== undefined) return known
  const [contract, functionName] = call.split('.') as [ContractName | 'account', string]
  const { abi, functionName: selector } = prepareEncodeFunctionData({ abi: ABIS[contract], functionName })
  const made = { item: abi[0], selector }
  functions.set(call, made)
  return made
}

/** The transaction that an action is. */
export function encodeAction(setting: Setting, { call, args }: Action): { readonly to: Hex; readonly data: Hex } {
  const { item, selector } = prepare(call)
  const [contract] = call.split('.') as [ContractName | 'account']
  const values: readonly unknown[] = args
  if (contract === 'account') {
    const [to, ...rest] = values
    return { to: to as Hex, data: encodeFunctionData({ abi: [item], functionName: selector, args: rest }) }
  }
  const to = setting[contract]
  return { to, data: encodeFunctionData({ abi: [item], functionName: selector, args: values }) }
}

/** Whether a call answers something, so that the answer can be compared too. */
export const answers = (call: CallName): boolean => prepare(call).item.outputs.length > 0

/** Whether a call changes nothing. */
export const isView = (call: CallName): boolean => prepare(call).item.stateMutability === 'view'

/** What a call returns, as bytes. */
export function encodeAnswer(call: CallName, answer: unknown): Hex {
  const { outputs } = prepare(call).item
  return outputs.length === 0 ? '0x' : encodeAbiParameters(outputs, [answer])
}

/** What a call reverts with, as bytes. */
export function encodeRevert({ by, name, args }: Revert): Hex {
  if (by === 'token') return encodeErrorResult({ abi: wordAbi, errorName: 'Error', args: [name] })
  if (by === 'panic') return encodeErrorResult({ abi: wordAbi, errorName: 'Panic', args: [OVERFLOW_CODE] })
  return encodeErrorResult({ abi: ABIS[by], errorName: name, args })
}

/** All ABIs in one, to read what a chain answered. */
export const everyAbi: Abi = [...Object.values(ABIS).flat(), ...wordAbi]
