import { coversPrice, type Peer } from '@assay/core'
import {
  acceptLease,
  assertBug,
  deriveLeaseDigest,
  MarketError,
  toMarketError,
  toUnixMs,
  type Hash32,
  type LeaseOffer,
  type WorkRequest,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import type { AttemptRow } from '../store/records.ts'
import { withDeadline } from '../with-deadline.ts'
import { checkOffer, declined } from './check-offer.ts'
import { findImage } from './find-image.ts'

export type Offer = Extract<WorkRequest, { type: 'offer' }>

/**
 * Takes an offer or throws why not. An accepted attempt is durable before this returns, holds a slot and has started.
 * The same offer again gives the same attempt; another lease for the same attempt is refused, since two commits for
 * one attempt would convict this provider.
 */
export async function acceptOffer(context: ProviderContext, request: Offer, from: Peer): Promise<AttemptRow> {
  const lease = deriveLeaseDigest(request.offer)
  return context.store.attempt(lease) ?? context.offers.run(lease, async () => decide(context, lease, request, from))
}

async function decide(context: ProviderContext, lease: Hash32, request: Offer, from: Peer): Promise<AttemptRow> {
  const { store, signer, clock, chain, facts, options, board, closing, log } = context
  const { offer, terms, spec } = request
  const now = clock.now()
  const body = checkOffer({
    offer,
    terms,
    spec,
    from: from.address,
    self: signer.address,
    market: chain.market,
    facts,
    options,
    now,
  })
  refuseSecondLease(context, body)
  if (!board.reserve(lease)) throw declined('capacity', 'all slots are taken')
  try {
    const lapsed = (): Error => declined('late', 'the offer lapsed while it was being checked')
    await withDeadline({ clock, signal: closing }, body.acceptByMs, lapsed, async (inTime) => {
      await checkChain(context, body, inTime)
      await findImage(context, spec.image, inTime)
    })
    const { acceptance } = await acceptLease(offer, signer)
    const { orderId, shard, attempt, commitByMs } = body
    const order = { orderId, terms, spec }
    const row = {
      lease,
      order,
      shard,
      attempt,
      aggregatorKey: from.publicKey,
      offer,
      acceptance,
      commitByMs,
      atMs: clock.now(),
    }
    if (!store.addAttempt(row)) throw secondLease(body)
  } catch (error) {
    board.free(lease)
    throw toMarketError(error)
  }
  log.info({ lease, orderId: body.orderId, shard: body.shard, attempt: body.attempt }, 'attempt.leased')
  context.start(lease)
  const row = store.attempt(lease)
  assertBug(row !== undefined, 'an added attempt is there')
  return row
}

function refuseSecondLease({ store }: ProviderContext, body: LeaseOffer): void {
  if (store.attemptOf(body) !== undefined) throw secondLease(body)
}

const secondLease = ({ orderId, shard, attempt }: LeaseOffer): MarketError =>
  new MarketError('lease-invalid', 'this attempt was leased before, under another offer', {
    details: { orderId, shard, attempt, reason: 'one attempt, one lease' },
  })

/** The money is there and can still move after the commit, and this provider can be paid. */
async function checkChain(
  { chainFacts, signer }: ProviderContext,
  body: LeaseOffer,
  signal: AbortSignal,
): Promise<void> {
  const order = await chainFacts.order(body.orderId, signal)
  if (order.status !== 'funded' || order.remaining < body.priceUsdc) {
    throw new MarketError('order-not-funded', 'the order does not hold the price', {
      blame: 'aggregator',
      details: { orderId: body.orderId, status: order.status, remaining: order.remaining.toString() },
    })
  }
  if (toUnixMs(order.settleBy) < body.commitByMs + providerLimits.settleMarginMs)
    throw declined('late', 'too little time is left to settle after the commit')
  const self = await chainFacts.operator(signer.address, signal)
  if (self?.provider !== true || !coversPrice(self.stake, body.priceUsdc)) {
    throw new MarketError('stake-insufficient', 'this provider has not ten times the price at stake on this chain', {
      details: { provider: signer.address, stake: `${self?.stake ?? 0n}`, priceUsdc: `${body.priceUsdc}` },
    })
  }
}
