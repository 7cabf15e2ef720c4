/** Pairs of statements that cannot both be honest, and the calls that prove it. */
import { type Address, type Hash, type Hex, keccak256, toHex } from 'viem'

import { type Batch, batchDigest, someBatch } from './messages.ts'
import type { FundedOrder } from './orders.ts'
import type { ProofKind } from './proof-table.ts'
import { type AuditChanges, type CommitChanges, OPENING, auditProof, commitProof } from './verdicts.ts'
import { type Actor, type World, as } from './world.ts'

export const OTHER_OPENING = { resultRoot: keccak256(toHex('another result')), salt: keccak256(toHex('another salt')) }
export const OTHER_AUDIT = keccak256(toHex('another audit commitment'))
/** The attempt that the statements are about, unless said otherwise. */
export const PLACE = { shard: 3, attempt: 0 } as const

/** The outcome under which each kind is recorded. */
export const OUTCOMES: Record<ProofKind, number> = {
  equivocation: 3,
  'conflicting audits': 4,
  'conflicting batches': 5,
}

/** One signed statement, of a shape that depends on the kind. */
export type Piece = { readonly signature: Hex } & Readonly<Record<string, unknown>>

export interface Claim {
  readonly kind: ProofKind
  readonly order: FundedOrder
  readonly accused: Actor
  readonly reporter: Address
  readonly first: Piece
  readonly second: Piece
}

export interface PieceChanges extends CommitChanges, AuditChanges {
  readonly shard?: number
  readonly attempt?: number
  /** Who signs, if not the accused. */
  readonly signer?: Actor
}

/** The first or the second of two contradicting statements. */
export function signPiece(
  world: World,
  { kind, order, accused }: Pick<Claim, 'kind' | 'order' | 'accused'>,
  which: 'first' | 'second',
  { signer = accused, ...changes }: PieceChanges = {},
): Promise<Piece> {
  const first = which === 'first'
  const statement = { orderId: order.id, ...PLACE, ...changes, accused: accused.address }
  switch (kind) {
    case 'equivocation':
      return commitProof(world, statement, signer, { opening: first ? OPENING : OTHER_OPENING, ...changes })
    case 'conflicting audits':
      return auditProof(world, statement, signer, { ...(!first && { auditCommitment: OTHER_AUDIT }), ...changes })
    case 'conflicting batches': {
      const charged = first ? 100n : 99n
      const batch = someBatch(world, [{ orderId: order.id, charged }], [{ index: 6, amount: charged }])
      return signBatch(world, batch, signer)
    }
  }
}

/** A settlement, signed by one validator alone. */
export async function signBatch(world: World, batch: Batch, signer: Actor, position = 0n) {
  return { batch, position, signature: await signer.account.sign({ hash: batchDigest(world, batch) }) }
}

/** A good claim, reported by the detector. */
export async function someClaim(
  world: World,
  kind: ProofKind,
  order: FundedOrder,
  accused = (kind === 'equivocation' ? world.providers[0] : world.validators[4]) as Actor,
): Promise<Claim> {
  const about = { kind, order, accused }
  const first = await signPiece(world, about, 'first')
  const second = await signPiece(world, about, 'second')
  return { ...about, reporter: world.detector.address, first, second }
}

/** Tries a claim. */
export function tryClaim(world: World, claim: Claim): Promise<{ result: bigint }> {
  const { accused, order, reporter, first, second } = claim
  const about = { ...PLACE, first, second }
  const rest = [order.terms, reporter] as const
  switch (claim.kind) {
    case 'equivocation':
      return world.disputes.simulate.proveEquivocation([{ ...about, provider: accused.address } as never, ...rest])
    case 'conflicting audits':
      return world.disputes.simulate.proveConflictingAudits([
        { ...about, validator: accused.address } as never,
        ...rest,
      ])
    case 'conflicting batches':
      return world.disputes.simulate.proveConflictingBatches([
        accused.address,
        first as never,
        second as never,
        ...rest,
      ])
  }
}

/** Proves a claim, by a stranger. */
export async function prove(world: World, claim: Claim): Promise<Hash> {
  const { accused, order, reporter, first, second } = claim
  const about = { ...PLACE, first, second }
  const rest = [order.terms, reporter] as const
  const { write } = world.disputes
  const by = as(world.stranger)
  const send = (): Promise<Hash> => {
    switch (claim.kind) {
      case 'equivocation':
        return write.proveEquivocation([{ ...about, provider: accused.address } as never, ...rest], by)
      case 'conflicting audits':
        return write.proveConflictingAudits([{ ...about, validator: accused.address } as never, ...rest], by)
      case 'conflicting batches':
        return write.proveConflictingBatches([accused.address, first as never, second as never, ...rest], by)
    }
  }
  const { transactionHash } = await world.mined(send())
  return transactionHash
}
