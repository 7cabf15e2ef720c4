/** What a provider says of its own commit over its aggregator's head: that it stands, or that it is taken back. */
import { z } from 'zod'
import { Lease } from './lease.ts'
import { byteCountSchema } from './schema.ts'
import { MarketDomain, SignedCommit } from './typed-data.ts'

/** Body of a `retract/1` envelope, signed by the provider: the commit is withdrawn, unpaid and unslashed. */
export const Retraction = z.strictObject({
  ...MarketDomain.shape,
  /** Shows that the order's aggregator gave this attempt to this provider. */
  lease: Lease,
  commit: SignedCommit,
})
export type Retraction = z.infer<typeof Retraction>

/** Body of a `counter/1` envelope, signed by the provider: this commit belongs into an epoch. */
export const CounterCommit = Retraction.extend({
  /** Size of the sealed result whose blob root the commit names. */
  sealedBytes: byteCountSchema,
})
export type CounterCommit = z.infer<typeof CounterCommit>
