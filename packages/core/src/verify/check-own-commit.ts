import {
  asHash,
  byteCount,
  CounterCommit,
  deriveCommitDigest,
  deriveOrderId,
  isMarketError,
  openEnvelope,
  openLease,
  recoverSigner,
  Retraction,
  type BlobRef,
  type Envelope,
  type LeaseOffer,
  type MarketDomain,
  type OrderTerms,
  type SignedCommit,
} from '@assay/protocol'

/** A provider's word on its own commit, and what it is compared with. */
export interface OwnCommitCase {
  readonly kind: 'counter/1' | 'retract/1'
  readonly envelope: Envelope
  readonly market: MarketDomain
  readonly terms: OrderTerms
}
/** Why such a word does not count. */
export type OwnCommitFault =
  | 'envelope-invalid'
  | 'signer-mismatch'
  | 'market-mismatch'
  | 'order-mismatch'
  | 'lease-invalid'
  | 'lease-mismatch'
  | 'commit-signature-invalid'
export type OwnCommitCheck =
  | {
      readonly ok: true
      readonly commit: SignedCommit
      readonly lease: LeaseOffer
      /** The sealed result; its size is 0 in a retraction, which does not say it. */
      readonly sealed: BlobRef
    }
  | { readonly ok: false; readonly reason: OwnCommitFault }

/**
 * Checks a counter-commit or a retraction: it is the provider's own, and the order's aggregator leased it that very
 * attempt. So nobody can speak for a commit who was not given the work.
 */
export function checkOwnCommit({ kind, envelope, market, terms }: OwnCommitCase): OwnCommitCheck {
  const body = openBody(kind, envelope)
  if (body === undefined) return wrong('envelope-invalid')
  const { commit } = body
  if (envelope.signer !== commit.provider) return wrong('signer-mismatch')
  if (body.chainId !== market.chainId || body.escrow !== market.escrow) return wrong('market-mismatch')
  if (commit.orderId !== deriveOrderId(market, terms)) return wrong('order-mismatch')
  const lease = openBoth(body.lease)
  if (lease === undefined) return wrong('lease-invalid')
  const agree =
    lease.chainId === market.chainId &&
    lease.escrow === market.escrow &&
    lease.orderId === commit.orderId &&
    lease.shard === commit.shard &&
    lease.attempt === commit.attempt &&
    lease.provider === commit.provider &&
    lease.aggregator === terms.aggregator &&
    lease.specHash === terms.specHash
  if (!agree) return wrong('lease-mismatch')
  if (recoverSigner(deriveCommitDigest(market, commit), commit.signature) !== commit.provider)
    return wrong('commit-signature-invalid')
  return { ok: true, commit, lease, sealed: { root: asHash(commit.sealedHash), size: body.sealedBytes } }
}

function openBody(kind: OwnCommitCase['kind'], envelope: Envelope): CounterCommit | undefined {
  try {
    if (kind === 'counter/1') return openEnvelope(kind, CounterCommit, envelope)
    return { ...openEnvelope(kind, Retraction, envelope), sealedBytes: noBytes }
  } catch (error) {
    if (!isMarketError(error)) throw error
    return undefined
  }
}

function openBoth(lease: CounterCommit['lease']): LeaseOffer | undefined {
  try {
    return openLease(lease)
  } catch (error) {
    if (!isMarketError(error)) throw error
    return undefined
  }
}

const noBytes = byteCount(0)
const wrong = (reason: OwnCommitFault): OwnCommitCheck => ({ ok: false, reason })
