/** Two signatures of one operator that cannot both be honest: what `Disputes` convicts by arithmetic. */
import { z } from 'zod'
import { OrderCharge, Payout } from './evidence.ts'
import { addressSchema, hash32Schema, quorumIdSchema, signatureSchema, usdcSchema } from './schema.ts'
import { Opening, OrderTerms, SignedAuditCommit, SignedCommit } from './typed-data.ts'

/** A settlement with the signature of one member of its quorum. */
export const MemberSettlement = z.strictObject({
  aggregator: addressSchema,
  quorumId: quorumIdSchema,
  orders: z.array(OrderCharge).min(1).max(4096),
  payouts: z.array(Payout).max(4096),
  fee: usdcSchema,
  resultsRoot: hash32Schema,
  signatures: z.array(signatureSchema).length(1),
})
export type MemberSettlement = z.infer<typeof MemberSettlement>

export const FaultProof = z.discriminatedUnion('kind', [
  /** A provider committed to two results of one attempt. */
  z.strictObject({ kind: z.literal('equivocation'), terms: OrderTerms, first: SignedCommit, second: SignedCommit }),
  /** A validator answered one blind round of one commitment twice; `opening` ties it to the order. */
  z.strictObject({
    kind: z.literal('conflicting-audits'),
    terms: OrderTerms,
    commit: SignedCommit,
    opening: Opening,
    first: SignedAuditCommit,
    second: SignedAuditCommit,
  }),
  /** A validator signed two settlements of one order. */
  z.strictObject({
    kind: z.literal('conflicting-batches'),
    terms: OrderTerms,
    validator: addressSchema,
    first: MemberSettlement,
    second: MemberSettlement,
  }),
])
export type FaultProof = z.infer<typeof FaultProof>
