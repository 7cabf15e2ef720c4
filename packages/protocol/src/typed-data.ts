/** Order terms, settlement batches and every other struct that a contract may judge: EIP-712 under one domain a market. */
import * as TypedData from 'ox/TypedData'
import { z } from 'zod'
import { encodeWords, type AbiWord } from './abi-words.ts'
import { concatBytes, hexToBytes, keccakText } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import { memoryLimits } from './limits.ts'
import { createMemo } from './memo.ts'
import {
  addressSchema,
  attemptSchema,
  basisPointsSchema,
  chainIdSchema,
  hash32Schema,
  hashSchema,
  orderQuorumSchema,
  quorumIdSchema,
  shardSchema,
  signatureSchema,
  unixSecondsSchema,
  usdcSchema,
} from './schema.ts'
import {
  asHash,
  type Address,
  type AuditCommitment,
  type Commitment,
  type Hash32,
  type Hex,
  type OrderId,
  type ResultRoot,
  type Salt,
  type SpecHash,
} from './units.ts'

/** Where a signature counts: one escrow on one chain. */
export const MarketDomain = z.strictObject({ chainId: chainIdSchema, escrow: addressSchema })
export type MarketDomain = z.infer<typeof MarketDomain>

/** What a client funds. The EIP-712 digest is the order id, the job id and the EIP-3009 nonce. */
export const OrderTerms = z
  .strictObject({
    client: addressSchema,
    aggregator: addressSchema,
    /** Most that can ever be charged; all of it is escrowed. */
    maxAmount: usdcSchema.refine((amount) => amount > 0n),
    /** Settlement is possible strictly before this second. */
    settleBy: unixSecondsSchema,
    /** From this second anyone can refund the client. */
    refundAt: unixSecondsSchema,
    /** 0 in class DX alone: nobody judges, the client settles by `ClientAcceptance`. */
    quorumId: orderQuorumSchema,
    feeBps: basisPointsSchema.refine((bps) => bps <= 500),
    specHash: hashSchema<SpecHash>(),
    salt: hashSchema<Salt>(),
  })
  .refine((terms) => terms.settleBy <= terms.refundAt, { message: 'settleBy must not be after refundAt' })
export type OrderTerms = z.infer<typeof OrderTerms>

/** A provider's promise of one result, signed before anyone knows whether it will be audited. */
export const Commit = z.strictObject({
  orderId: hashSchema<OrderId>(),
  shard: shardSchema,
  attempt: attemptSchema,
  provider: addressSchema,
  commitment: hashSchema<Commitment>(),
  /** Blob root of the sealed result. */
  sealedHash: hash32Schema,
})
export type Commit = z.infer<typeof Commit>
export const SignedCommit = Commit.extend({ signature: signatureSchema })
export type SignedCommit = z.infer<typeof SignedCommit>

/** What opens a commitment. */
export const Opening = z.strictObject({ resultRoot: hashSchema<ResultRoot>(), salt: hashSchema<Salt>() })
export type Opening = z.infer<typeof Opening>

/** Round 0 is the single blind audit, round 1 the panel of three. */
const round = z.int().min(0).max(4)
export const SignedAuditCommit = z.strictObject({
  commitment: hashSchema<Commitment>(),
  round,
  validator: addressSchema,
  auditCommitment: hashSchema<AuditCommitment>(),
  signature: signatureSchema,
})
export type SignedAuditCommit = z.infer<typeof SignedAuditCommit>

/** A validator's opening: its own result of the audited shard. */
export const SignedAttestation = z.strictObject({
  commitment: hashSchema<Commitment>(),
  round,
  validator: addressSchema,
  resultRoot: hashSchema<ResultRoot>(),
  salt: hashSchema<Salt>(),
  signature: signatureSchema,
})
export type SignedAttestation = z.infer<typeof SignedAttestation>

/** What a quorum signs to move an order's money. */
export interface SettlementBatch {
  readonly aggregator: Address
  readonly quorumId: number
  readonly ordersHash: Hash32
  /** Of the packed tab records; of nothing when no tab is drawn. */
  readonly tabsHash: Hash32
  readonly payoutsHash: Hash32
  readonly fee: bigint
  readonly resultsRoot: Hash32
}

/** What a client signs to settle an order that names no quorum. */
export interface ClientAcceptance {
  readonly orderId: OrderId
  /** Of the packed payouts. */
  readonly payoutsHash: Hash32
  readonly fee: bigint
  /** Over the shards that it accepts. */
  readonly resultsRoot: Hash32
}

/** Outcomes 1 and 2 are judged by a quorum, the others proven on chain from two signatures. */
export const verdictOutcomes = {
  providerFault: 1,
  validatorFault: 2,
  equivocation: 3,
  conflictingAudits: 4,
  conflictingBatches: 5,
} as const
/** What a quorum signs to slash. */
export const Verdict = z.strictObject({
  orderId: hashSchema<OrderId>(),
  shard: shardSchema,
  attempt: attemptSchema,
  accused: addressSchema,
  outcome: z.union([z.literal(1), z.literal(2)]),
  slash: usdcSchema,
  /** Who found the fault; earns the detector's share. */
  detector: addressSchema,
  quorumId: quorumIdSchema,
  /** Hash of the evidence: see `deriveEvidenceHash`. */
  evidence: hash32Schema,
})
export type Verdict = z.infer<typeof Verdict>

/** What a client signs to let its tab be drawn: up to `ceiling` in all, as far as the quorum attests. The latest replaces all before. */
export const TabVoucher = z.strictObject({
  client: addressSchema,
  aggregator: addressSchema,
  quorumId: quorumIdSchema,
  feeBps: basisPointsSchema.refine((bps) => bps <= 500),
  /** How often the tab was emptied; a voucher counts in its own generation. */
  generation: z
    .int()
    .min(0)
    .max(2 ** 24 - 1),
  ceiling: usdcSchema,
})
export type TabVoucher = z.infer<typeof TabVoucher>

/** Its digest is the EIP-3009 nonce of a payment into a tab, so the payment cannot be led to another aggregator. */
export const TabDeposit = z.strictObject({
  client: addressSchema,
  aggregator: addressSchema,
  amount: usdcSchema.refine((amount) => amount > 0n),
  salt: hashSchema<Salt>(),
})
export type TabDeposit = z.infer<typeof TabDeposit>

/** What a quorum of appeal signs: what is to stand. */
export const Ruling = z.strictObject({
  verdictId: hash32Schema,
  /** Which appeal, from 1. */
  round: z.int().min(1).max(3),
  guilty: z.boolean(),
  evidence: hash32Schema,
})
export type Ruling = z.infer<typeof Ruling>

export const deriveOrderId = (domain: MarketDomain, terms: OrderTerms): OrderId =>
  asHash(digest(domain, 'OrderTerms', terms))
export const deriveCommitDigest = (domain: MarketDomain, commit: Commit): Hex => digest(domain, 'Commit', commit)
export const deriveAuditCommitDigest = (domain: MarketDomain, commit: Omit<SignedAuditCommit, 'signature'>): Hex =>
  digest(domain, 'AuditCommit', commit)
export const deriveAttestationDigest = (domain: MarketDomain, attestation: Omit<SignedAttestation, 'signature'>): Hex =>
  digest(domain, 'Attestation', attestation)
export const deriveBatchDigest = (domain: MarketDomain, batch: SettlementBatch): Hex =>
  digest(domain, 'SettlementBatch', { ...batch })
export const deriveAcceptanceDigest = (domain: MarketDomain, acceptance: ClientAcceptance): Hex =>
  digest(domain, 'ClientAcceptance', { ...acceptance })
export const deriveVerdictDigest = (domain: MarketDomain, verdict: Verdict): Hex => digest(domain, 'Verdict', verdict)

/** The name of a fault in `Disputes`: one of each kind can be recorded for an attempt. */
export const deriveVerdictId = ({
  orderId,
  shard,
  attempt,
  accused,
  outcome,
}: Pick<Verdict, 'orderId' | 'shard' | 'attempt' | 'accused'> & { readonly outcome: number }): Hash32 =>
  asHash(keccakHex(encodeWords([orderId, shard, attempt, accused, outcome])))

export const deriveVoucherDigest = (domain: MarketDomain, voucher: TabVoucher): Hex =>
  digest(domain, 'TabVoucher', voucher)
export const deriveTabDepositNonce = (domain: MarketDomain, deposit: TabDeposit): Hash32 =>
  asHash(digest(domain, 'TabDeposit', deposit))
export const deriveRulingDigest = (domain: MarketDomain, ruling: Ruling): Hex => digest(domain, 'Ruling', ruling)

/** C: hides the result until it is opened, and belongs to one provider's one attempt on one chain. */
export function deriveCommitment(
  domain: MarketDomain,
  attempt: Pick<Commit, 'orderId' | 'shard' | 'attempt' | 'provider'>,
  opening: Opening,
): Commitment {
  const { orderId, shard, attempt: number, provider } = attempt
  const { resultRoot, salt } = opening
  const words = [commitTag, domain.chainId, domain.escrow, orderId, shard, number, provider, resultRoot, salt]
  return asHash(keccakHex(encodeWords(words)))
}

/** V: a validator's blind answer, bound to the commitment it audits. */
export function deriveAuditCommitment(
  domain: MarketDomain,
  audit: Pick<SignedAuditCommit, 'commitment' | 'round' | 'validator'>,
  opening: Opening,
): AuditCommitment {
  const { commitment, round: number, validator } = audit
  const { resultRoot, salt } = opening
  const words = [auditTag, domain.chainId, domain.escrow, commitment, number, validator, resultRoot, salt]
  return asHash(keccakHex(encodeWords(words)))
}

/** EIP-712 struct definitions; the contracts hold the same strings. */
export const typedDataTypes = {
  OrderTerms: [
    { name: 'client', type: 'address' },
    { name: 'aggregator', type: 'address' },
    { name: 'maxAmount', type: 'uint64' },
    { name: 'settleBy', type: 'uint40' },
    { name: 'refundAt', type: 'uint40' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'feeBps', type: 'uint16' },
    { name: 'specHash', type: 'bytes32' },
    { name: 'salt', type: 'bytes32' },
  ],
  Commit: [
    { name: 'orderId', type: 'bytes32' },
    { name: 'shard', type: 'uint32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'provider', type: 'address' },
    { name: 'commitment', type: 'bytes32' },
    { name: 'sealedHash', type: 'bytes32' },
  ],
  AuditCommit: [
    { name: 'commitment', type: 'bytes32' },
    { name: 'round', type: 'uint8' },
    { name: 'validator', type: 'address' },
    { name: 'auditCommitment', type: 'bytes32' },
  ],
  Attestation: [
    { name: 'commitment', type: 'bytes32' },
    { name: 'round', type: 'uint8' },
    { name: 'validator', type: 'address' },
    { name: 'resultRoot', type: 'bytes32' },
    { name: 'salt', type: 'bytes32' },
  ],
  SettlementBatch: [
    { name: 'aggregator', type: 'address' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'ordersHash', type: 'bytes32' },
    { name: 'tabsHash', type: 'bytes32' },
    { name: 'payoutsHash', type: 'bytes32' },
    { name: 'fee', type: 'uint64' },
    { name: 'resultsRoot', type: 'bytes32' },
  ],
  Verdict: [
    { name: 'orderId', type: 'bytes32' },
    { name: 'shard', type: 'uint32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'accused', type: 'address' },
    { name: 'outcome', type: 'uint8' },
    { name: 'slash', type: 'uint64' },
    { name: 'detector', type: 'address' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'evidence', type: 'bytes32' },
  ],
  TabVoucher: [
    { name: 'client', type: 'address' },
    { name: 'aggregator', type: 'address' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'feeBps', type: 'uint16' },
    { name: 'generation', type: 'uint24' },
    { name: 'ceiling', type: 'uint64' },
  ],
  ClientAcceptance: [
    { name: 'orderId', type: 'bytes32' },
    { name: 'payoutsHash', type: 'bytes32' },
    { name: 'fee', type: 'uint64' },
    { name: 'resultsRoot', type: 'bytes32' },
  ],
  TabDeposit: [
    { name: 'client', type: 'address' },
    { name: 'aggregator', type: 'address' },
    { name: 'amount', type: 'uint64' },
    { name: 'salt', type: 'bytes32' },
  ],
  Ruling: [
    { name: 'verdictId', type: 'bytes32' },
    { name: 'round', type: 'uint8' },
    { name: 'guilty', type: 'bool' },
    { name: 'evidence', type: 'bytes32' },
  ],
} as const

/** The EIP-712 domain of a market. */
export const typedDataDomain = (domain: MarketDomain) =>
  ({ name: 'Assay', version: '1', chainId: domain.chainId, verifyingContract: domain.escrow }) as const

const commitTag = keccakText('assay/commit/1')
const auditTag = keccakText('assay/audit-commit/1')

type StructName = keyof typeof typedDataTypes

/** The EIP-712 digest. Every member of every struct here is one word, so a struct is its type hash and its words. */
function digest(domain: MarketDomain, primaryType: StructName, message: Readonly<Record<string, AbiWord>>): Hex {
  const words = typedDataTypes[primaryType].map(({ name }) => {
    const word = message[name]
    if (word === undefined) throw new RangeError(`${primaryType} has no ${name}`)
    return word
  })
  const struct = keccakHex(encodeWords([typeHash(primaryType), ...words]))
  return keccakHex(concatBytes(eip712Prefix, encodeWords([domainSeparator(domain), struct])))
}

const eip712Prefix = hexToBytes('0x1901')
const typeHashes = createMemo<Hex>(Object.keys(typedDataTypes).length)
const typeHash = (primaryType: StructName): Hex =>
  typeHashes.get(primaryType, () => keccakText(TypedData.encodeType({ types: typedDataTypes, primaryType })))
const separators = createMemo<Hex>(memoryLimits.markets)
const domainSeparator = (domain: MarketDomain): Hex =>
  separators.get(`${domain.chainId}:${domain.escrow}`, () => TypedData.domainSeparator(typedDataDomain(domain)))
