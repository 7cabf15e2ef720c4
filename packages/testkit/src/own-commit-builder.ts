/** A provider's word on a commit that no epoch holds: counter-commits and retractions, good and bad. */
import {
  acceptLease,
  createEnvelope,
  deriveCommitDigest,
  deriveCommitment,
  toJson,
  type Envelope,
  type Hash32,
  type LeaseOffer,
  type Salt,
  type SignedCommit,
} from '@assay/protocol'
import { truthOf } from './evidence-builder.ts'
import { castBeaconGenesisMs, named, type EvidenceCast } from './evidence-cast.ts'
import type { TestActor } from './test-actor.ts'

export interface OwnCommitPlan {
  readonly kind?: 'counter/1' | 'retract/1'
  readonly shard: number
  readonly attempt?: number
  /** Index into the cast's providers. */
  readonly provider: number
  /** Blob root and size of the sealed result. */
  readonly sealed?: { readonly root: string; readonly size: number }
  /** Fields of the lease that are wrong. */
  readonly lease?: Partial<Record<keyof LeaseOffer, unknown>>
  /** Who signs the lease, by default the aggregator, and the word itself, by default the provider. */
  readonly lessor?: TestActor
  readonly signer?: TestActor
  /** Fields of the body that are wrong. */
  readonly body?: Readonly<Record<string, unknown>>
}

/** The signed word and the commit it is about. */
export async function buildOwnCommit(
  cast: EvidenceCast,
  plan: OwnCommitPlan,
): Promise<{ readonly envelope: Envelope; readonly commit: SignedCommit }> {
  const { kind = 'counter/1', shard, attempt = 1, sealed, lessor = cast.aggregator } = plan
  const provider = cast.providers[plan.provider]!
  const about = { orderId: cast.orderId, shard, attempt, provider: provider.address }
  const salt = named<Salt>(`own/${cast.orderId}/${shard}/${attempt}`)
  const commitment = deriveCommitment(cast.market, about, { resultRoot: truthOf(cast, shard), salt })
  const unsigned = { ...about, commitment, sealedHash: (sealed?.root ?? named<Hash32>('sealed')) as Hash32 }
  const commit = { ...unsigned, signature: provider.signNow(deriveCommitDigest(cast.market, unsigned)) }
  const offer = {
    ...cast.market,
    ...about,
    specHash: cast.terms.specHash,
    aggregator: cast.aggregator.address,
    priceUsdc: cast.spec.priceUsdc,
    acceptByMs: castBeaconGenesisMs + 1_000,
    commitByMs: castBeaconGenesisMs + 60_000,
    ...plan.lease,
  }
  const lease = await acceptLease(await createEnvelope('lease/1', toJson(offer), lessor), provider)
  const body = {
    ...cast.market,
    lease,
    commit,
    ...(kind === 'counter/1' && { sealedBytes: sealed?.size ?? 0 }),
    ...plan.body,
  }
  return { envelope: await createEnvelope(kind, toJson(body), plan.signer ?? provider), commit }
}
