import { fetchBlob, serveBlobs } from '@assay/blobs'
import { checkOwnCommit, verificationPolicy, type OwnCommitCheck, type Peer } from '@assay/core'
import {
  after,
  byteCount,
  deriveOrderId,
  encodeError,
  MarketError,
  toMarketError,
  toUnixMs,
  type Commitment,
  type Envelope,
  type OrderId,
  type OrderTerms,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits as limits } from '../limits.ts'
import type { ClaimRow } from '../store/records.ts'

export type CounterRequest = Extract<ValidatorRequest, { type: 'counter' }>
export type RetractRequest = Extract<ValidatorRequest, { type: 'retract' }>
type Held = Extract<OwnCommitCheck, { readonly ok: true }>

/** Pin owner of the sealed results that are held for an order's claims. */
export const claimOwner = (orderId: OrderId): string => `claim/${orderId}`

/**
 * Keeps the commits that a provider claims over its aggregator's head, each with its sealed result: from then on no
 * settlement of the order that leaves one out is signed here. What stands in an acknowledged epoch needs no claim.
 * Throws `counter-refused` when the order is not this quorum's to settle, or not any more.
 */
export async function keepCounters(
  context: ValidatorContext,
  { terms, counters }: CounterRequest,
  from: Peer,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const orderId = await checkOrder(context, terms, signal)
  const acknowledged: Commitment[] = []
  const kept: Commitment[] = []
  const refused: { readonly commitment: Commitment; readonly error: ReturnType<typeof encodeError> }[] = []
  for (const envelope of counters) {
    const held = open(context, { kind: 'counter/1', envelope, terms })
    const { commitment } = held.commit
    if (held.commit.provider !== from.address) throw refuse('not-its-provider')
    try {
      if (context.store.epochsOf(commitment).length > 0) acknowledged.push(commitment)
      else {
        await keepOne(context, { held, envelope, terms, from }, signal)
        kept.push(commitment)
      }
    } catch (cause) {
      signal.throwIfAborted()
      const error = toMarketError(cause)
      context.log.info({ orderId, commitment, code: error.code, reason: error.details['reason'] }, 'counter.refused')
      refused.push({ commitment, error: encodeError(error) })
    }
  }
  return { type: 'countered', acknowledged, kept, refused }
}

/**
 * Notes that a provider has taken a commit back: no epoch that first brings it is acknowledged here, and no settlement
 * needs it. Throws `counter-refused`, or `retract-late` when it stands in an acknowledged epoch.
 */
export async function keepRetraction(
  context: ValidatorContext,
  { terms, retraction: envelope }: RetractRequest,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  await checkOrder(context, terms, signal)
  const held = open(context, { kind: 'retract/1', envelope, terms })
  if (context.store.epochsOf(held.commit.commitment).length > 0)
    throw new MarketError('retract-late', 'the commit stands in an acknowledged epoch')
  checkRoom(context, held)
  context.store.addClaim(toRow({ held, envelope, terms }, true))
  return { type: 'retracted' }
}

/** Sealed results that are held for a claim go to the order's aggregator, which needs them to mend what it left out. */
export async function serveClaimedBlobs({ blobs, network, store }: ValidatorContext): Promise<void> {
  await serveBlobs(network, blobs, {
    authorize: (peer, root) => store.claimBySealed(root)?.aggregator === peer.address,
  })
}

interface Claim {
  readonly held: Held
  readonly envelope: Envelope
  readonly terms: OrderTerms
}

async function keepOne(
  context: ValidatorContext,
  { from, ...claim }: Claim & { readonly from: Peer },
  signal: AbortSignal,
): Promise<void> {
  const { blobs, clock, log, network, store } = context
  const { commit, lease, sealed } = claim.held
  const { commitment, orderId, provider } = commit
  const known = store.claim(commitment)
  if (known?.retracted === true) throw new MarketError('commit-retracted', 'the provider took this commit back')
  if (known !== undefined) return
  // Whether it was made in time shows only in when it comes: an attempt that was late has lost nothing.
  if (clock.now() > after(lease.commitByMs, verificationPolicy.counterGraceMs)) throw refuse('late')
  const room = checkRoom(context, claim.held)
  // Without the result nobody would get what the client pays for.
  await fetchBlob(network, from.publicKey, sealed, blobs, { maxBytes: room, owner: claimOwner(orderId) }, signal)
  store.addClaim(toRow(claim, false))
  log.info({ orderId, commitment, provider, shard: commit.shard }, 'counter.kept')
}

/** Bytes that this provider may still have held for this order. */
function checkRoom({ store }: ValidatorContext, { commit }: Held): ReturnType<typeof byteCount> {
  const own = store.claimsOf(commit.orderId).filter(({ provider }) => provider === commit.provider)
  if (own.length >= limits.claimsPerProvider) throw refuse('too-many', { claims: own.length })
  return byteCount(Math.max(0, limits.claimBytes - own.reduce((sum, { sealed }) => sum + sealed.size, 0)))
}

/** The order is this quorum's, still holds its money and can still be settled. */
async function checkOrder(
  { chain, chainFacts, clock, signer }: ValidatorContext,
  terms: OrderTerms,
  signal: AbortSignal,
): Promise<OrderId> {
  const orderId = deriveOrderId(chain.market, terms)
  const quorum = await chainFacts.quorum(terms.quorumId, signal)
  if (quorum === undefined || !quorum.members.includes(signer.address)) throw refuse('not-a-member')
  const { status } = await chainFacts.order(orderId, signal)
  if (status !== 'funded' || clock.now() >= toUnixMs(terms.settleBy)) throw refuse('order-closed', { status })
  return orderId
}

function open({ chain }: ValidatorContext, input: Pick<Claim, 'envelope' | 'terms'> & { readonly kind: Kind }): Held {
  const check = checkOwnCommit({ ...input, market: chain.market })
  if (!check.ok) throw refuse(check.reason)
  return check
}
type Kind = Parameters<typeof checkOwnCommit>[0]['kind']

const toRow = ({ held, envelope, terms }: Claim, retracted: boolean): ClaimRow => ({
  commitment: held.commit.commitment,
  orderId: held.commit.orderId,
  provider: held.commit.provider,
  aggregator: terms.aggregator,
  commit: held.commit,
  envelope,
  sealed: held.sealed,
  retracted,
  refundAtMs: toUnixMs(terms.refundAt),
})

const refuse = (reason: string, details: Readonly<Record<string, string | number>> = {}): MarketError =>
  new MarketError('counter-refused', `the counter-commit is refused: ${reason}`, { details: { reason, ...details } })
