/**
 * What is signed, hashed from the type strings that stand in the interfaces' documentation and from nothing else: a second
 * opinion on `packages/protocol`, and quicker than a general EIP-712 library, which the many random values of the
 * differential test need.
 */
import { type Hex, keccak256, toHex } from 'viem'

import type { OrderTerms, Setting } from './market.ts'

export interface Batch {
  readonly aggregator: Hex
  readonly quorumId: number
  readonly orders: Hex
  readonly tabs: Hex
  readonly payouts: Hex
  readonly fee: bigint
  readonly resultsRoot: Hex
}

export interface Voucher {
  readonly client: Hex
  readonly aggregator: Hex
  readonly quorumId: number
  readonly feeBps: number
  readonly generation: number
  readonly ceiling: bigint
}

export interface Verdict {
  readonly orderId: Hex
  readonly shard: number
  readonly attempt: number
  readonly accused: Hex
  readonly outcome: number
  readonly slash: bigint
  readonly detector: Hex
  readonly quorumId: number
  readonly evidence: Hex
}

/** What makes one fault of one operator. */
export type Fault = Pick<Verdict, 'orderId' | 'shard' | 'attempt' | 'accused' | 'outcome'>

/** One attempt of one shard by one provider. */
export interface Place {
  readonly orderId: Hex
  readonly shard: number
  readonly attempt: number
  readonly provider: Hex
}

export interface Authorization {
  readonly from: Hex
  readonly to: Hex
  readonly value: bigint
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly nonce: Hex
}

/** What fills one 32-byte word. */
export type Value = Hex | bigint | number | boolean

const textHash = (text: string): Hex => keccak256(toHex(text))
const typed = (type: string) => (values: readonly Value[]) => hashWords([textHash(type), ...values])
/** The same, with the type hashed once. */
const prepared = (type: string) => {
  const typeHash = textHash(type)
  return (...values: readonly Value[]) => hashWords([typeHash, ...values])
}

const domainHash = typed('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
const termsHash = prepared(
  'OrderTerms(address client,address aggregator,uint64 maxAmount,uint40 settleBy,uint40 refundAt,uint32 quorumId,uint16 feeBps,bytes32 specHash,bytes32 salt)',
)
const batchHash = prepared(
  'SettlementBatch(address aggregator,uint32 quorumId,bytes32 ordersHash,bytes32 tabsHash,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)',
)
const acceptanceHash = prepared('ClientAcceptance(bytes32 orderId,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)')
const voucherHash = prepared(
  'TabVoucher(address client,address aggregator,uint32 quorumId,uint16 feeBps,uint24 generation,uint64 ceiling)',
)
const tabDepositHash = prepared('TabDeposit(address client,address aggregator,uint64 amount,bytes32 salt)')
const verdictHash = prepared(
  'Verdict(bytes32 orderId,uint32 shard,uint32 attempt,address accused,uint8 outcome,uint64 slash,address detector,uint32 quorumId,bytes32 evidence)',
)
const rulingHash = prepared('Ruling(bytes32 verdictId,uint8 round,bool guilty,bytes32 evidence)')
const commitHash = prepared(
  'Commit(bytes32 orderId,uint32 shard,uint32 attempt,address provider,bytes32 commitment,bytes32 sealedHash)',
)
const auditCommitHash = prepared(
  'AuditCommit(bytes32 commitment,uint8 round,address validator,bytes32 auditCommitment)',
)
const receiveHash = prepared(
  'ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
)
const cancelHash = prepared('CancelAuthorization(address authorizer,bytes32 nonce)')
const commitTag = textHash('assay/commit/1')

export function orderIdOf(setting: Setting, terms: OrderTerms): Hex {
  const { client, aggregator, maxAmount, settleBy, refundAt, quorumId, feeBps, specHash, salt } = terms
  return inMarket(
    setting,
    termsHash(client, aggregator, maxAmount, settleBy, refundAt, quorumId, feeBps, specHash, salt),
  )
}

export function batchDigest(setting: Setting, batch: Batch): Hex {
  const { aggregator, quorumId, orders, tabs, payouts, fee, resultsRoot } = batch
  const hashes = [orders, tabs, payouts].map(hashBytes)
  return inMarket(setting, batchHash(aggregator, quorumId, ...hashes, fee, resultsRoot))
}

export function acceptanceDigest(
  setting: Setting,
  orderId: Hex,
  { payouts, fee, resultsRoot }: Pick<Batch, 'payouts' | 'fee' | 'resultsRoot'>,
): Hex {
  return inMarket(setting, acceptanceHash(orderId, hashBytes(payouts), fee, resultsRoot))
}

export function voucherDigest(setting: Setting, voucher: Voucher): Hex {
  const { client, aggregator, quorumId, feeBps, generation, ceiling } = voucher
  return inMarket(setting, voucherHash(client, aggregator, quorumId, feeBps, generation, ceiling))
}

/** The nonce of an EIP-3009 payment into a tab. */
export function tabDepositNonce(
  setting: Setting,
  { client, aggregator, amount, salt }: { client: Hex; aggregator: Hex; amount: bigint; salt: Hex },
): Hex {
  return inMarket(setting, tabDepositHash(client, aggregator, amount, salt))
}

export function verdictDigest(setting: Setting, verdict: Verdict): Hex {
  const { orderId, shard, attempt, accused, outcome, slash, detector, quorumId, evidence } = verdict
  return inMarket(setting, verdictHash(orderId, shard, attempt, accused, outcome, slash, detector, quorumId, evidence))
}

export function rulingDigest(
  setting: Setting,
  { verdictId, round, guilty, evidence }: { verdictId: Hex; round: number; guilty: boolean; evidence: Hex },
): Hex {
  return inMarket(setting, rulingHash(verdictId, round, guilty, evidence))
}

export function commitDigest(setting: Setting, place: Place, commitment: Hex, sealedHash: Hex): Hex {
  const { orderId, shard, attempt, provider } = place
  return inMarket(setting, commitHash(orderId, shard, attempt, provider, commitment, sealedHash))
}

export function auditCommitDigest(
  setting: Setting,
  audit: { commitment: Hex; round: number; validator: Hex; auditCommitment: Hex },
): Hex {
  return inMarket(setting, auditCommitHash(audit.commitment, audit.round, audit.validator, audit.auditCommitment))
}

/** The salted commitment of a provider to a result. */
export function commitmentOf(
  { chainId, escrow }: Setting,
  { orderId, shard, attempt, provider }: Place,
  { resultRoot, salt }: { resultRoot: Hex; salt: Hex },
): Hex {
  return hashWords([commitTag, chainId, escrow, orderId, shard, attempt, provider, resultRoot, salt])
}

/** Under which a fault is recorded. */
export function verdictIdOf({ orderId, shard, attempt, accused, outcome }: Fault): Hex {
  return hashWords([orderId, shard, attempt, accused, outcome])
}

/** EIP-3009, in the token's own domain. */
export function authorizationDigest(setting: Setting, given: Authorization): Hex {
  const { from, to, value, validAfter, validBefore, nonce } = given
  return inToken(setting, receiveHash(from, to, value, validAfter, validBefore, nonce))
}

export const cancellationDigest = (setting: Setting, authorizer: Hex, nonce: Hex): Hex =>
  inToken(setting, cancelHash(authorizer, nonce))

/** keccak256 of bytes given in hex. */
export const hashBytes = (bytes: Hex): Hex => keccak256(Buffer.from(bytes.slice(2), 'hex'))

const inMarket = ({ chainId, escrow }: Setting, structHash: Hex): Hex =>
  hashBytes(`0x1901${separator('Assay', '1', chainId, escrow)}${structHash.slice(2)}`)

const inToken = ({ chainId, token }: Setting, structHash: Hex): Hex =>
  hashBytes(`0x1901${separator('USD Coin', '2', chainId, token)}${structHash.slice(2)}`)

const separators = new Map<string, string>()

function separator(name: string, version: string, chainId: number, contract: Hex): string {
  const key = `${name}/${chainId}/${contract}`
  const known = separators.get(key)
  if (known !== undefined) return known
  const made = domainHash([textHash(name), textHash(version), chainId, contract]).slice(2)
  separators.set(key, made)
  return made
}

function hashWords(values: readonly Value[]): Hex {
  return hashBytes(`0x${values.map(toWord).join('')}`)
}

/** One value as 32 bytes of hex, without prefix. */
export function toWord(value: Value): string {
  if (typeof value === 'string') return value.slice(2).padStart(64, '0')
  return BigInt(value).toString(16).padStart(64, '0')
}
