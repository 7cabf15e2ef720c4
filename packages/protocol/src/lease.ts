/** The signed agreement of aggregator and provider on one attempt. */
import { z } from 'zod'
import { deriveEnvelopeDigest, Envelope, openEnvelope, type DigestSigner } from './envelope.ts'
import { MarketError } from './errors.ts'
import {
  addressSchema,
  attemptSchema,
  hashSchema,
  shardSchema,
  signatureSchema,
  unixMsSchema,
  usdcSchema,
} from './schema.ts'
import { recoverSigner } from './signing.ts'
import { MarketDomain } from './typed-data.ts'
import { asHash, type Hash32, type OrderId, type SpecHash } from './units.ts'

/** Body of a `lease/1` envelope, signed by the aggregator as an offer. */
export const LeaseOffer = z.strictObject({
  ...MarketDomain.shape,
  orderId: hashSchema<OrderId>(),
  specHash: hashSchema<SpecHash>(),
  shard: shardSchema,
  attempt: attemptSchema,
  aggregator: addressSchema,
  provider: addressSchema,
  priceUsdc: usdcSchema,
  /** The offer lapses unless accepted by then. */
  acceptByMs: unixMsSchema,
  /** The attempt expires unless committed and delivered by then. */
  commitByMs: unixMsSchema,
})
export type LeaseOffer = z.infer<typeof LeaseOffer>

/** An offer with the provider's signature over the same digest. */
export const Lease = z.strictObject({ offer: Envelope, acceptance: signatureSchema })
export type Lease = z.infer<typeof Lease>

/** Names an attempt in tickets and logs. */
export const deriveLeaseDigest = (offer: Envelope): Hash32 => asHash(deriveEnvelopeDigest('lease/1', offer.payload))

/** The provider's side of the agreement. */
export async function acceptLease(offer: Envelope, signer: DigestSigner): Promise<Lease> {
  return { offer, acceptance: await signer.sign(deriveLeaseDigest(offer)) }
}

/** Checks both signatures. Throws `signature-invalid`, `message-malformed`. */
export function openLease(lease: Lease): LeaseOffer {
  const body = openEnvelope('lease/1', LeaseOffer, lease.offer)
  const bySides =
    lease.offer.signer === body.aggregator &&
    recoverSigner(deriveLeaseDigest(lease.offer), lease.acceptance) === body.provider
  if (!bySides) throw new MarketError('signature-invalid', 'the lease is not signed by the two sides it names')
  return body
}
