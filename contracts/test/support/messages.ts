/** Terms, packed records, digests and signatures, built with viem alone: the second opinion on what Solidity computes. */
import {
  type Address,
  type Hex,
  concatHex,
  encodeAbiParameters,
  hashTypedData,
  keccak256,
  numberToHex,
  parseSignature,
  serializeSignature,
  toHex,
} from 'viem'

import { type Actor, DAY, USDC, type World } from './world.ts'

export const TYPES = {
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
  SettlementBatch: [
    { name: 'aggregator', type: 'address' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'ordersHash', type: 'bytes32' },
    { name: 'tabsHash', type: 'bytes32' },
    { name: 'payoutsHash', type: 'bytes32' },
    { name: 'fee', type: 'uint64' },
    { name: 'resultsRoot', type: 'bytes32' },
  ],
  TabVoucher: [
    { name: 'client', type: 'address' },
    { name: 'aggregator', type: 'address' },
    { name: 'quorumId', type: 'uint32' },
    { name: 'feeBps', type: 'uint16' },
    { name: 'generation', type: 'uint24' },
    { name: 'ceiling', type: 'uint64' },
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
  ClientAcceptance: [
    { name: 'orderId', type: 'bytes32' },
    { name: 'payoutsHash', type: 'bytes32' },
    { name: 'fee', type: 'uint64' },
    { name: 'resultsRoot', type: 'bytes32' },
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
} as const

const AUTHORIZATION_FIELDS = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

export interface Terms {
  client: Address
  aggregator: Address
  maxAmount: bigint
  settleBy: number
  refundAt: number
  quorumId: number
  feeBps: number
  specHash: Hex
  salt: Hex
}

export interface Batch {
  aggregator: Address
  quorumId: number
  orders: Hex
  tabs: Hex
  payouts: Hex
  fee: bigint
  resultsRoot: Hex
}

export interface Charge {
  orderId: Hex
  charged: bigint
}

export interface Payout {
  index: number
  amount: bigint
}

export interface SomeVerdict {
  orderId: Hex
  shard: number
  attempt: number
  accused: Address
  outcome: number
  slash: bigint
  detector: Address
  quorumId: number
  evidence: Hex
}

export const ROOT = keccak256(toHex('results root'))

/** The domain of everything the market signs. */
export function domainOf(chainId: number, escrow: Address) {
  return { name: 'Assay', version: '1', chainId, verifyingContract: escrow } as const
}

let salts = 0n

/** Terms that the escrow accepts, each with a salt of its own: settle within a day, refund after two. */
export async function someTerms(world: World, changes: Partial<Terms> = {}): Promise<Terms> {
  const now = await world.now()
  salts += 1n
  return {
    client: world.client.address,
    aggregator: world.aggregator.address,
    maxAmount: 10n * USDC,
    settleBy: now + DAY,
    refundAt: now + 2 * DAY,
    quorumId: world.quorumId,
    feeBps: 200,
    specHash: keccak256(toHex('spec')),
    salt: numberToHex(salts, { size: 32 }),
    ...changes,
  }
}

export function orderIdOf(world: World, terms: Terms): Hex {
  const domain = domainOf(world.chainId, world.escrow.address)
  return hashTypedData({ domain, types: TYPES, primaryType: 'OrderTerms', message: terms })
}

export function packOrders(charges: readonly Charge[]): Hex {
  return concatHex(charges.flatMap(({ orderId, charged }) => [orderId, numberToHex(charged, { size: 8 })]))
}

export interface Draw {
  client: Address
  ceiling: bigint
  spentAfter: bigint
  feeBps: number
  signature: Hex
}

export function packTabs(draws: readonly Draw[]): Hex {
  const size = { size: 8 }
  return concatHex(
    draws.flatMap(({ client, ceiling, spentAfter, feeBps, signature }) => [
      client,
      numberToHex(ceiling, size),
      numberToHex(spentAfter, size),
      numberToHex(feeBps, { size: 2 }),
      signature,
    ]),
  )
}

export function packPayouts(payouts: readonly Payout[]): Hex {
  return concatHex(
    payouts.flatMap(({ index, amount }) => [numberToHex(index, { size: 4 }), numberToHex(amount, { size: 8 })]),
  )
}

/** A batch of these charges and payouts, orders sorted. */
export function someBatch(world: World, charges: Charge[], payouts: Payout[], changes: Partial<Batch> = {}): Batch {
  return {
    aggregator: world.aggregator.address,
    quorumId: world.quorumId,
    orders: packOrders(charges.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))),
    tabs: '0x',
    payouts: packPayouts(payouts),
    fee: 0n,
    resultsRoot: ROOT,
    ...changes,
  }
}

export function batchDigest(world: World, batch: Batch): Hex {
  return hashTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'SettlementBatch',
    message: {
      ...batch,
      ordersHash: keccak256(batch.orders),
      tabsHash: keccak256(batch.tabs),
      payoutsHash: keccak256(batch.payouts),
    },
  })
}

/** Signatures in the order the signers are given, concatenated. */
export async function signAll(digest: Hex, signers: readonly Actor[]): Promise<Hex> {
  return concatHex(await Promise.all(signers.map(({ account }) => account.sign({ hash: digest }))))
}

/** As many signatures as quorum 1 asks for, by the first validators. */
export function quorumSigns(world: World, digest: Hex, count = 3): Promise<Hex> {
  return signAll(digest, world.validators.slice(0, count))
}

/** The same signature with its s mirrored into the upper half: valid mathematics, refused everywhere. */
export function withHighS(signature: Hex): Hex {
  const { r, s, yParity } = parseSignature(signature)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  return serializeSignature({ r, s: numberToHex(order - BigInt(s), { size: 32 }), yParity: yParity === 0 ? 1 : 0 })
}

export interface Authorization {
  from: Actor
  to: Address
  value: bigint
  nonce: Hex
  validAfter?: bigint
  validBefore?: bigint
  kind?: 'ReceiveWithAuthorization' | 'TransferWithAuthorization'
  /** Account whose money moves, if it is not the signer's own. */
  payer?: Address
}

export const FAR_FUTURE = 2n ** 40n

/** An EIP-3009 authorization of the test token. */
export function signAuthorization(world: World, given: Authorization): Promise<Hex> {
  const { from, kind = 'ReceiveWithAuthorization', validAfter = 0n, validBefore = FAR_FUTURE } = given
  return from.account.signTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: world.chainId, verifyingContract: world.usdc.address },
    types: { [kind]: AUTHORIZATION_FIELDS },
    primaryType: kind,
    message: {
      from: given.payer ?? from.address,
      to: given.to,
      value: given.value,
      validAfter,
      validBefore,
      nonce: given.nonce,
    },
  })
}

/** The salted commitment of the shared protocol. */
export function commitmentOf(
  world: Pick<World, 'chainId' | 'escrow'>,
  attempt: { orderId: Hex; shard: number; attempt: number; provider: Address },
  opening: { resultRoot: Hex; salt: Hex },
): Hex {
  const types = ['bytes32', 'uint256', 'address', 'bytes32', 'uint32', 'uint32', 'address', 'bytes32', 'bytes32']
  return keccak256(
    encodeAbiParameters(
      types.map((type) => ({ type })),
      [
        keccak256(toHex('assay/commit/1')),
        BigInt(world.chainId),
        world.escrow.address,
        attempt.orderId,
        attempt.shard,
        attempt.attempt,
        attempt.provider,
        opening.resultRoot,
        opening.salt,
      ],
    ),
  )
}

/** What `signAuthorization` signs. */
export function authorizationDigest(
  world: World,
  given: Omit<Authorization, 'from' | 'payer'> & { from: Address },
): Hex {
  const { from, to, value, nonce, kind = 'ReceiveWithAuthorization', validAfter = 0n, validBefore = FAR_FUTURE } = given
  return hashTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: world.chainId, verifyingContract: world.usdc.address },
    types: { [kind]: AUTHORIZATION_FIELDS },
    primaryType: kind,
    message: { from, to, value, validAfter, validBefore, nonce },
  })
}
