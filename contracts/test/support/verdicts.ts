/** Faults, as a quorum and the accused would sign them, and the life of a verdict. */
import assert from 'node:assert/strict'

import { type Address, type Hex, encodeAbiParameters, hashTypedData, keccak256, toHex } from 'viem'

import { type SomeVerdict, TYPES, commitmentOf, domainOf, quorumSigns, signAll } from './messages.ts'
import type { FundedOrder } from './orders.ts'
import type { Bench } from './ladder.ts'
import { type Actor, USDC, type World, as } from './world.ts'

export const OPENING = { resultRoot: keccak256(toHex('result')), salt: keccak256(toHex('salt')) }
export const EVIDENCE = keccak256(toHex('evidence'))
const SEALED = keccak256(toHex('sealed'))
const AUDIT = keccak256(toHex('audit commitment'))

/** What a quorum of appeal signs. */
export interface Ruling {
  readonly verdictId: Hex
  readonly round: number
  readonly guilty: boolean
  readonly evidence: Hex
}

/** A verdict on shard 3, attempt 0 of an order: 10 USDC from the first provider, unless said otherwise. */
export function someVerdict(world: World, order: FundedOrder, changes: Partial<SomeVerdict> = {}): SomeVerdict {
  return {
    orderId: order.id,
    shard: 3,
    attempt: 0,
    accused: (world.providers[0] as Actor).address,
    outcome: 1,
    slash: 10n * USDC,
    detector: world.detector.address,
    quorumId: order.terms.quorumId,
    evidence: EVIDENCE,
    ...changes,
  }
}

export function verdictIdOf({ orderId, shard, attempt, accused, outcome }: SomeVerdict): Hex {
  const types = ['bytes32', 'uint32', 'uint32', 'address', 'uint8'].map((type) => ({ type }))
  return keccak256(encodeAbiParameters(types, [orderId, shard, attempt, accused, outcome]))
}

export function verdictDigest(world: World, verdict: SomeVerdict): Hex {
  const domain = domainOf(world.chainId, world.escrow.address)
  return hashTypedData({ domain, types: TYPES, primaryType: 'Verdict', message: verdict })
}

export function signVerdict(world: World, verdict: SomeVerdict): Promise<Hex> {
  return quorumSigns(world, verdictDigest(world, verdict))
}

export function rulingDigest(world: World, ruling: Ruling): Hex {
  const domain = domainOf(world.chainId, world.escrow.address)
  return hashTypedData({ domain, types: TYPES, primaryType: 'Ruling', message: ruling })
}

export interface Statement {
  readonly orderId: Hex
  readonly shard: number
  readonly attempt: number
  readonly accused: Address
}

export interface CommitChanges {
  readonly opening?: typeof OPENING
  readonly sealedHash?: Hex
}

/** The provider's signed commit to this attempt. */
export async function commitProof(
  world: World,
  { orderId, shard, attempt, accused }: Statement,
  signer = world.providers[0] as Actor,
  { opening = OPENING, sealedHash = SEALED }: CommitChanges = {},
) {
  const commitment = commitmentOf(world, { orderId, shard, attempt, provider: accused }, opening)
  const signature = await signer.account.signTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'Commit',
    message: { orderId, shard, attempt, provider: accused, commitment, sealedHash },
  })
  return { commitment, sealedHash, signature }
}

export interface AuditChanges {
  readonly provider?: Address
  readonly opening?: typeof OPENING
  readonly round?: number
  readonly auditCommitment?: Hex
}

/** The accused validator's signed audit commit, on the first provider's commitment to this attempt. */
export async function auditProof(
  world: World,
  { orderId, shard, attempt, accused }: Statement,
  signer = world.validators[4] as Actor,
  changes: AuditChanges = {},
) {
  const { opening = OPENING, round = 1, auditCommitment = AUDIT } = changes
  const provider = changes.provider ?? (world.providers[0] as Actor).address
  const commitment = commitmentOf(world, { orderId, shard, attempt, provider }, opening)
  const signature = await signer.account.signTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'AuditCommit',
    message: { commitment, round, validator: accused, auditCommitment },
  })
  return { provider, ...opening, round, auditCommitment, signature }
}

/** The arguments of `submitVerdict`: signed by the first validators, or by all of a bench that the order names. */
export async function verdictArgs(world: World, order: FundedOrder, verdict: SomeVerdict, bench?: Bench) {
  const digest = verdictDigest(world, verdict)
  const signatures = await (bench ? signAll(digest, bench.signers) : quorumSigns(world, digest))
  const accused = world.providers.find(({ address }) => address === verdict.accused)
  return [verdict, order.terms, await commitProof(world, verdict, accused), signatures] as const
}

/** Records a verdict on a provider. Returns its id. */
export async function submitVerdict(
  world: World,
  order: FundedOrder,
  changes: Partial<SomeVerdict> = {},
  bench?: Bench,
): Promise<Hex> {
  const verdict = someVerdict(world, order, changes)
  const args = await verdictArgs(world, order, verdict, bench)
  await world.mined(world.disputes.write.submitVerdict(args, as(world.stranger)))
  return verdictIdOf(verdict)
}

/** Lets Disputes take bonds from these actors. */
export async function approveBonds(world: World, appellants: readonly Actor[]): Promise<void> {
  for (const actor of appellants) {
    await world.mined(world.usdc.write.approve([world.disputes.address, 2n ** 256n - 1n], as(actor)))
  }
}

export async function appeal(world: World, id: Hex, appellant: Actor): Promise<void> {
  await world.mined(world.disputes.write.appeal([id], as(appellant)))
}

/** The arguments of `submitRuling` on the appeal that waits: signed by as many of the bench as it takes. */
export async function rulingArgs(world: World, verdictId: Hex, guilty: boolean, bench: Bench) {
  const { round } = await world.disputes.read.verdictOf([verdictId])
  const digest = rulingDigest(world, { verdictId, round, guilty, evidence: EVIDENCE })
  return [verdictId, guilty, EVIDENCE, await signAll(digest, bench.signers)] as const
}

export async function rule(world: World, id: Hex, guilty: boolean, bench: Bench): Promise<void> {
  const args = await rulingArgs(world, id, guilty, bench)
  await world.mined(world.disputes.write.submitRuling(args, as(world.stranger)))
}

/** Moves to `closesAt` of the step that a verdict is in. */
export async function warpToClose(world: World, id: Hex): Promise<void> {
  const { closesAt } = await world.disputes.read.verdictOf([id])
  if (closesAt > (await world.now())) await world.warp(closesAt)
}

/** Carries out what stands, by a stranger. */
export async function finalize(world: World, id: Hex): Promise<void> {
  await world.mined(world.disputes.write.finalizeVerdict([id], as(world.stranger)))
}

/** Fails unless Disputes holds exactly the fund, the credits of everybody in the cast, and the bonds given. */
export async function assertSolvent(world: World, openBonds = 0n): Promise<void> {
  const { disputes, usdc, client, aggregator, detector, stranger, validators, providers } = world
  const owners = [client, aggregator, detector, stranger, ...validators, ...providers]
  const credits = await Promise.all(owners.map(({ address }) => disputes.read.credit([address])))
  const owed = credits.reduce((sum, amount) => sum + amount, (await disputes.read.fundBalance()) + openBonds)
  assert.equal(await usdc.read.balanceOf([disputes.address]), owed)
}
