import { checkAck, checkEpoch } from '@assay/core'
import {
  asHash,
  deriveRandomness,
  EpochProposal,
  isMarketError,
  isSampled,
  MarketError,
  openEnvelope,
  ppm,
  type Address,
  type Commitment,
  type Envelope,
  type Hash32,
  type OrderId,
  type Ppm,
  type ValidatorReply,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { askValidator } from '../request-peer.ts'
import type { AttemptRow, EpochRow } from '../store/records.ts'
import { proposeEpoch } from './close-epochs.ts'
import { startAudit } from './start-audit.ts'

type Refusal = Extract<ValidatorReply, { type: 'refused' }>

/** Takes an epoch from proposal to seed. Without a quorum before the seed round, its commits are proposed again, all to be audited. */
export async function runEpoch(context: Context, digest: Hash32, signal: AbortSignal): Promise<void> {
  const { beacon, clock, store } = context
  const epoch = store.epoch(digest)
  if (epoch === undefined || epoch.state === 'seeded' || epoch.state === 'void') return
  if (epoch.state === 'proposed') {
    const { acks, refusals } = await collectAcks(context, epoch, signal)
    if (countedAcks(context, { ...epoch, acks }) < context.quorum.threshold)
      return replace(context, epoch, refusals, signal)
    store.updateEpoch(digest, { state: 'acknowledged', acks })
  }
  // Never release anything unsampled: without the beacon the epoch waits here.
  const value = await beacon.value(epoch.seedRound, signal)
  seed(context, store.epoch(digest)!, value, clock.now())
}

function seed(context: Context, epoch: EpochRow, value: NonNullable<EpochRow['beacon']>, now: number): void {
  const { store } = context
  const { root } = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  const randomness = deriveRandomness(value)
  store.transaction(() => {
    store.updateEpoch(epoch.digest, { state: 'seeded', beacon: value })
    for (const { commit, ratePpm } of epoch.leaves) {
      const attempt = store.byCommitment(commit.commitment)
      if (attempt?.state !== 'committed') continue
      const sampled = isSampled({ randomness, root, commitment: commit.commitment }, ratePpm)
      const contagion = !sampled && store.isConvicted(commit.provider)
      if (sampled || contagion) startAudit(context, attempt, { ratePpm, reason: sampled ? 'sampled' : 'contagion' })
      else acceptUnsampled(context, attempt, ratePpm, now)
    }
  })
  for (const orderId of new Set(epoch.leaves.map((leaf) => leaf.commit.orderId)))
    context.emit(orderId, { type: 'epoch.seeded', note: `round ${epoch.seedRound}` })
}

function acceptUnsampled(context: Context, attempt: AttemptRow, ratePpm: Ppm, now: number): void {
  const { shard, attempt: number, provider, orderId } = attempt
  context.store.updateAttempt(attempt, {
    state: 'accepted',
    verdict: 'unsampled',
    ratePpm,
    atMs: now as AttemptRow['atMs'],
  })
  context.emit(orderId, { type: 'shard.verified', shard, attempt: number, provider, note: 'not sampled' })
}

/** Asks every validator of the quorum at once; stops at the seed round. */
async function collectAcks(
  context: Context,
  epoch: EpochRow,
  signal: AbortSignal,
): Promise<{ acks: Envelope[]; refusals: Refusal[] }> {
  const { beacon, chain, clock, directory, log, quorum } = context
  const acks: Envelope[] = [...epoch.acks]
  const refusals: Refusal[] = []
  const deadlineMs = Math.min(limits.validatorReplyMs, Math.max(1, beacon.timeOf(epoch.seedRound) - clock.now()))
  // One that does not count would spoil the whole epoch for whoever judges it.
  const counts = (ack: Envelope, validator: Address): boolean => {
    const { digest, seedRound } = epoch
    return ack.signer === validator && checkAck(ack, { market: chain.market, quorum, digest, seedRound }).ok
  }
  const ask = async (validator: Address): Promise<void> => {
    const peer = directory.node(validator)?.peer
    if (peer === undefined)
      throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
    const reply = await proposeTo(context, peer.publicKey, epoch, deadlineMs, signal)
    if (reply.type === 'refused') refusals.push(reply)
    else if (counts(reply.ack, validator)) acks.push(reply.ack)
    else
      throw new MarketError('signature-invalid', 'the acknowledgement does not count', {
        blame: 'validator',
        details: { validator },
      })
  }
  const results = await Promise.allSettled(quorum.members.map(ask))
  for (const result of results)
    if (result.status === 'rejected')
      log.warn({ code: isMarketError(result.reason) ? result.reason.code : 'internal' }, 'acknowledgement.missed')
  for (const { error } of refusals) log.warn({ code: error.code, details: error.details }, 'epoch.refused')
  return { acks, refusals }
}

async function proposeTo(
  context: Context,
  peer: Parameters<typeof askValidator>[1],
  epoch: EpochRow,
  deadlineMs: number,
  signal: AbortSignal,
) {
  const propose = () =>
    askValidator(
      context,
      peer,
      { type: 'propose', proposal: epoch.proposal, leaves: [...epoch.leaves] },
      ['acknowledged', 'refused'],
      deadlineMs,
      signal,
    )
  const first = await propose()
  if (first.type !== 'refused' || first.unknownOrders.length === 0) return first
  for (const orderId of first.unknownOrders) await introduce(context, peer, asHash(orderId), signal)
  return propose()
}

/** Makes a job known to a validator ahead of its first epoch. */
export async function introduce(
  context: Context,
  peer: Parameters<typeof askValidator>[1],
  orderId: OrderId,
  signal: AbortSignal,
): Promise<void> {
  const job = context.store.job(orderId)
  if (job === undefined) return
  const message = { type: 'introduce', terms: job.terms, spec: job.spec } as const
  await askValidator(context, peer, message, ['known'], limits.validatorReplyMs, signal)
}

function countedAcks({ beacon, chain, quorum }: Context, epoch: EpochRow): number {
  const context = { market: chain.market, quorum, beacon: beacon.info }
  const check = checkEpoch({ proposal: epoch.proposal, leaves: [...epoch.leaves], acks: [...epoch.acks] }, context)
  return check.ok ? check.acknowledgedBy.length : 0
}

/** Proposes the commits again. Whoever acknowledged the first proposal accepts them only at a full rate. */
async function replace(
  context: Context,
  epoch: EpochRow,
  refusals: readonly Refusal[],
  signal: AbortSignal,
): Promise<void> {
  const { store } = context
  const commitments = epoch.leaves.map((leaf) => leaf.commit.commitment)
  const nobodyAcknowledged = epoch.acks.length === 0 && refusals.length > 0
  const required = new Map<Commitment, Ppm>()
  for (const { commitment, ratePpm } of refusals.flatMap((refusal) => refusal.required))
    required.set(commitment, ppm(Math.max(ratePpm, required.get(commitment) ?? 0)))
  store.transaction(() => {
    store.updateEpoch(epoch.digest, { state: 'void' })
    store.assignEpoch(commitments, null, !nobodyAcknowledged)
  })
  if (required.size === 0) throw new MarketError('acknowledgement-missing', 'no quorum acknowledged the epoch in time')
  const attempts = commitments.map((commitment) => store.byCommitment(commitment)).filter((row) => row !== undefined)
  await proposeEpoch(context, epoch.quorumId, attempts, required, signal)
}
