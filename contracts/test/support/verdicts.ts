/** Faults, as a quorum and the accused would sign them. */
import { type Hex, hashTypedData, keccak256, toHex } from 'viem'

import { type SomeVerdict, TYPES, commitmentOf, domainOf, quorumSigns } from './messages.ts'
import type { FundedOrder } from './orders.ts'
import { type Actor, USDC, type World } from './world.ts'

export const OPENING = { resultRoot: keccak256(toHex('result')), salt: keccak256(toHex('salt')) }
const SEALED = keccak256(toHex('sealed'))
const AUDIT = keccak256(toHex('audit commitment'))

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
    quorumId: world.quorumId,
    evidence: keccak256(toHex('evidence')),
    ...changes,
  }
}

export function verdictDigest(world: World, verdict: SomeVerdict): Hex {
  const domain = domainOf(world.chainId, world.escrow.address)
  return hashTypedData({ domain, types: TYPES, primaryType: 'Verdict', message: verdict })
}

export function signVerdict(world: World, verdict: SomeVerdict): Promise<Hex> {
  return quorumSigns(world, verdictDigest(world, verdict))
}

/** The provider's signed commit to this attempt. */
export async function commitProof(world: World, verdict: SomeVerdict, signer = world.providers[0] as Actor) {
  const { orderId, shard, attempt, accused } = verdict
  const commitment = commitmentOf(world, { orderId, shard, attempt, provider: accused }, OPENING)
  const signature = await signer.account.signTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'Commit',
    message: { orderId, shard, attempt, provider: accused, commitment, sealedHash: SEALED },
  })
  return { commitment, sealedHash: SEALED, signature }
}

/** The accused validator's signed audit commit, on the first provider's commitment to this attempt. */
export async function auditProof(world: World, verdict: SomeVerdict, signer = world.validators[4] as Actor) {
  const { orderId, shard, attempt, accused } = verdict
  const provider = (world.providers[0] as Actor).address
  const commitment = commitmentOf(world, { orderId, shard, attempt, provider }, OPENING)
  const signature = await signer.account.signTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'AuditCommit',
    message: { commitment, round: 1, validator: accused, auditCommitment: AUDIT },
  })
  return { provider, ...OPENING, round: 1, auditCommitment: AUDIT, signature }
}
