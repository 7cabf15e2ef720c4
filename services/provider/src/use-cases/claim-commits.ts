import { serveBlobs } from '@assay/blobs'
import type { Peer } from '@assay/core'
import {
  after,
  assertBug,
  durationMs,
  limits as wire,
  toMarketError,
  toUnixMs,
  unixMs,
  ValidatorReply,
  protocols,
  type Address,
  type BlobRoot,
  type Envelope,
  type Hash32,
  type OrderId,
  type UnixMs,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { requestPeer } from '../request-peer.ts'
import type { AttemptRow, OrderRow } from '../store/records.ts'
import { findQuorum, signOwnCommit, withCommit } from './own-commits.ts'
import { sealedOwner } from './seal-attempt.ts'

/**
 * Sees to it that no commit is dropped: one that has waited too long is shown to the validators of its order until a
 * threshold says that it stands in an acknowledged epoch, or the order is over. Those that do not know it keep it, and
 * sign no settlement without it. All of it follows from the store, so a restart loses nothing.
 */
export async function claimCommits(context: ProviderContext): Promise<void> {
  const { clock, closing, log } = context
  const rests: Rests = new Map()
  while (!closing.aborted) {
    try {
      await claimOnce(context, rests, closing)
    } catch (cause) {
      if (!closing.aborted) log.warn({ code: toMarketError(cause).code }, 'claims.broken')
    }
    await clock.sleep(durationMs(providerLimits.claimEveryMs), closing).catch(() => undefined)
  }
}

/** Until when a commit that enough validators keep is left in peace. */
type Rests = Map<Hash32, UnixMs>

/** Who claims a result must be able to show it: to the validators of its order, and to its aggregator. */
export async function serveClaimedResults(context: ProviderContext): Promise<void> {
  await serveBlobs(context.network, context.blobs, {
    authorize: (peer, root) => context.claimed.get(root)?.has(peer.address) === true,
  })
}

async function claimOnce(context: ProviderContext, rests: Rests, signal: AbortSignal): Promise<void> {
  const { clock, store } = context
  const waiting = store.unheld(unixMs(Math.max(0, after(clock.now(), -providerLimits.claimAfterMs))))
  for (const [lease, until] of rests) if (until <= clock.now()) rests.delete(lease)
  const due = waiting.filter(({ lease }) => !rests.has(lease))
  for (const [orderId, rows] of Map.groupBy(due, (row) => row.orderId))
    await claimOrder(context, { orderId, rows, rests }, signal)
}

interface OrderClaim {
  readonly orderId: OrderId
  readonly rows: readonly AttemptRow[]
  readonly rests: Rests
}

async function claimOrder(
  context: ProviderContext,
  { orderId, rows, rests }: OrderClaim,
  signal: AbortSignal,
): Promise<void> {
  const { chainFacts, clock, store } = context
  const order = store.order(orderId)
  assertBug(order !== undefined, 'the order of an attempt is in the store')
  const { status } = await chainFacts.order(orderId, signal)
  const over = status !== 'funded' || clock.now() >= toUnixMs(order.terms.settleBy)
  const opened = rows.filter((row) => over || row.openedAtMs !== undefined)
  for (const row of opened) await markHeld(context, row)
  const left = rows.filter((row) => !opened.includes(row))
  for (let at = 0; at < left.length; at += wire.countersAtOnce)
    for (const lease of await claimSome(context, order, left.slice(at, at + wire.countersAtOnce), signal))
      rests.set(lease, after(clock.now(), providerLimits.claimRestMs))
}

/** Gives the leases whose commits a threshold keeps: they are safe for a while. */
async function claimSome(
  context: ProviderContext,
  { terms }: OrderRow,
  rows: readonly AttemptRow[],
  signal: AbortSignal,
): Promise<readonly Hash32[]> {
  const { peers, threshold, members } = await findQuorum(context, terms.quorumId, signal)
  const readers = new Set<Address>([terms.aggregator, ...members])
  for (const row of rows) context.claimed.set(rootOf(row), readers)
  const counters = await Promise.all(rows.map(async (row) => signOwnCommit(context, 'counter/1', row)))
  const message = { type: 'counter' as const, terms, counters }
  const answers = await Promise.all(peers.map(async (peer) => ask(context, peer, message, signal)))
  const enough = (row: AttemptRow, list: 'acknowledged' | 'kept'): boolean => {
    const { commitment } = withCommit(row).commit
    return answers.filter((answer) => answer[list].includes(commitment)).length >= threshold
  }
  for (const row of rows) if (enough(row, 'acknowledged')) await markHeld(context, row)
  return rows.filter((row) => enough(row, 'kept')).map(({ lease }) => lease)
}

/** What a validator says of the commits; nothing when it cannot be asked. */
async function ask(
  context: ProviderContext,
  peer: Peer,
  message: { readonly type: 'counter'; readonly terms: OrderRow['terms']; readonly counters: readonly Envelope[] },
  signal: AbortSignal,
): Promise<Answer> {
  const { log } = context
  try {
    const request = { protocol: protocols.validate, message, reply: ValidatorReply, deadlineMs: providerLimits.claimMs }
    const reply = await requestPeer(context, peer.publicKey, request, signal)
    if (reply.type !== 'countered') {
      log.info({ validator: peer.address, answer: reply.type }, 'claim.refused')
      return nothing
    }
    for (const { commitment, error } of reply.refused)
      log.info({ validator: peer.address, commitment, code: error.code }, 'claim.refused')
    if (reply.kept.length > 0) log.warn({ validator: peer.address, commits: reply.kept.length }, 'claim.kept')
    return reply
  } catch (cause) {
    signal.throwIfAborted()
    log.info({ validator: peer.address, code: toMarketError(cause).code }, 'claim.missed')
    return nothing
  }
}

type Answer = Pick<Extract<ValidatorReply, { type: 'countered' }>, 'acknowledged' | 'kept'>
const nothing: Answer = { acknowledged: [], kept: [] }

/** Nobody needs to be told of this commit any more, nor to be shown its result. */
async function markHeld(context: ProviderContext, row: AttemptRow): Promise<void> {
  const { blobs, claimed, clock, store } = context
  const current = store.attempt(row.lease)
  if (current === undefined || current.heldAtMs !== undefined) return
  store.updateAttempt(current, { heldAtMs: clock.now(), atMs: clock.now() })
  claimed.delete(rootOf(row))
  if (current.state === 'delivered') await blobs.release(sealedOwner(current))
}

const rootOf = (row: AttemptRow): BlobRoot => withCommit(row).sealed.root
