import {
  assertBug,
  decodeError,
  encodeError,
  MarketError,
  protocols,
  RetractReply,
  toMarketError,
  ValidatorReply,
  type Commitment,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { requestPeer } from '../request-peer.ts'
import { findQuorum, signOwnCommit } from './own-commits.ts'
import { sealedOwner } from './seal-attempt.ts'

/**
 * Takes a commit back before its epoch closes: unpaid and unslashed, for a provider that has found its own result to be
 * wrong. The aggregator agrees first; the validators are told, so that no epoch can bring the commit back. Asking again
 * is harmless. Throws `job-unknown`, `retract-late` when the commit stands, `peer-unreachable`.
 */
export async function retractCommit(
  context: ProviderContext,
  commitment: Commitment,
  signal: AbortSignal,
): Promise<void> {
  const { blobs, clock, log, store } = context
  const row = store.byCommitment(commitment)
  if (row === undefined) throw new MarketError('job-unknown', 'this provider made no such commit')
  if (row.state === 'failed') return
  if (row.openedAtMs !== undefined) throw new MarketError('retract-late', 'the commit was opened')
  const order = store.order(row.orderId)
  assertBug(order !== undefined, 'the order of an attempt is in the store')
  const retraction = await signOwnCommit(context, 'retract/1', row)
  const deadlineMs = providerLimits.claimMs
  const toAggregator = { protocol: protocols.retract, message: { type: 'retract', retraction }, reply: RetractReply }
  const reply = await requestPeer(context, row.aggregatorKey, { ...toAggregator, deadlineMs }, signal)
  if (reply.type === 'error') throw decodeError(reply.error)

  const { peers } = await findQuorum(context, order.terms.quorumId, signal)
  const message = { type: 'retract', terms: order.terms, retraction }
  const toMember = { protocol: protocols.validate, message, reply: ValidatorReply, deadlineMs }
  const told = await Promise.allSettled(
    peers.map(async (peer) => requestPeer(context, peer.publicKey, toMember, signal)),
  )
  const current = store.byCommitment(commitment) ?? row
  const failure = encodeError(new MarketError('commit-retracted', 'the provider took its commit back'))
  store.updateAttempt(current, { state: 'failed', failure, atMs: clock.now() })
  await blobs
    .release(sealedOwner(row))
    .catch((cause: unknown) => log.warn({ code: toMarketError(cause).code }, 'blob.kept'))
  const members = told.filter((result) => result.status === 'fulfilled' && result.value.type === 'retracted').length
  log.info({ orderId: row.orderId, shard: row.shard, commitment, members }, 'commit.retracted')
}
