import { verificationPolicy } from '@assay/core'
import {
  deriveRandomness,
  EpochProposal,
  isSampled,
  openEnvelope,
  ppm,
  type BeaconValue,
  type Commitment,
  type EpochLeaf,
  type Hash32,
  type Ppm,
  type UnixMs,
} from '@assay/protocol'
import type { ReplyOf } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import type { AttemptRow, EpochRow } from '../store/records.ts'
import { collectAcks, type QuorumAnswer } from './collect-acks.ts'
import { proposeEpoch } from './propose-epoch.ts'
import { startAudit } from './start-audit.ts'

/**
 * Takes an epoch from proposal to seed. Without a quorum before the seed round, its commits are proposed once more, all to be
 * audited.
 */
export async function runEpoch(context: Context, digest: Hash32, signal: AbortSignal): Promise<void> {
  const { beacon, clock, quorum, store } = context
  const epoch = store.epoch(digest)
  if (epoch === undefined || epoch.state === 'seeded' || epoch.state === 'void') return
  if (epoch.state === 'proposed') {
    const answer = await collectAcks(context, epoch, signal)
    if (answer.acks.length < quorum.threshold) return replace(context, epoch, answer, signal)
    store.updateEpoch(digest, { state: 'acknowledged', acks: answer.acks })
  }
  // Never release anything unsampled: without the beacon the epoch waits here.
  const value = await beacon.value(epoch.seedRound, signal)
  seed(context, epoch, value, clock.now())
}

function seed(context: Context, epoch: EpochRow, value: BeaconValue, now: UnixMs): void {
  const { store } = context
  store.transaction(() => {
    store.updateEpoch(epoch.digest, { state: 'seeded', beacon: value })
    for (const leaf of epoch.leaves) {
      const attempt = store.byCommitment(leaf.commit.commitment)
      if (attempt?.state === 'committed' && attempt.epoch === epoch.digest)
        decide(context, attempt, leaf.ratePpm, { sampled: isDrawn(epoch, leaf, value), now })
    }
  })
  for (const orderId of new Set(epoch.leaves.map((leaf) => leaf.commit.orderId)))
    context.emit(orderId, { type: 'epoch.seeded', note: `round ${epoch.seedRound}` })
}

function isDrawn({ proposal }: EpochRow, { commit, ratePpm }: EpochLeaf, value: BeaconValue): boolean {
  const { root } = openEnvelope('epoch/1', EpochProposal, proposal)
  return isSampled({ randomness: deriveRandomness(value), root, commitment: commit.commitment }, ratePpm)
}

function decide(
  context: Context,
  attempt: AttemptRow,
  ratePpm: Ppm,
  { sampled, now }: { readonly sampled: boolean; readonly now: UnixMs },
): void {
  const { emit, store } = context
  const { shard, attempt: number, provider, orderId } = attempt
  const contagion = !sampled && store.isConvicted(provider)
  if (sampled || contagion) return startAudit(context, attempt, { ratePpm, reason: sampled ? 'sampled' : 'contagion' })
  store.updateAttempt(attempt, { state: 'accepted', verdict: 'unsampled', ratePpm, atMs: now })
  emit(orderId, { type: 'shard.verified', shard, attempt: number, provider, note: 'not sampled' })
}

/**
 * Proposes the commits again: with the rates that were asked for, or, when some member may have acknowledged the first
 * proposal, to be audited for certain, since that is all that this member will acknowledge now.
 */
async function replace(context: Context, epoch: EpochRow, answer: QuorumAnswer, signal: AbortSignal): Promise<void> {
  const { store } = context
  const atLeast = requiredRates(answer.refusals)
  const group = epoch.leaves.flatMap(({ commit }) => {
    const attempt = store.byCommitment(commit.commitment)
    const waits = attempt?.state === 'committed' && attempt.epoch === epoch.digest
    return waits && store.job(attempt.orderId)?.state === 'running' ? [attempt] : []
  })
  if (answer.acks.length === 0 && atLeast.size > 0 && group.length > 0)
    return proposeEpoch(context, { quorumId: epoch.quorumId, group, atLeast, replaces: epoch.digest }, signal)
  const mustAudit = answer.acks.length > 0 || answer.refusals.length === 0
  store.transaction(() => {
    store.updateEpoch(epoch.digest, { state: 'void' })
    store.leaveEpoch(epoch.digest, mustAudit)
    for (const attempt of mustAudit ? group : []) giveUpExhausted(context, attempt)
  })
  context.wake()
}

/**
 * A commit that members may have acknowledged as often as they do is proposed no more: its attempt ends unpaid and unslashed,
 * and another provider may try.
 */
function giveUpExhausted({ clock, emit, store }: Context, attempt: AttemptRow): void {
  const { orderId, shard, attempt: number, failedProposals, provider } = attempt
  if (failedProposals + 1 < verificationPolicy.mostProposals) return
  const ended = { state: 'expired', code: 'acknowledgement-missing', blame: 'validator', atMs: clock.now() } as const
  store.updateAttempt(attempt, ended)
  emit(orderId, { type: 'attempt.failed', shard, attempt: number, provider, code: ended.code, blame: ended.blame })
}

/** The highest rate that any member asked for, by commit. */
function requiredRates(refusals: readonly ReplyOf<'refused'>[]): ReadonlyMap<Commitment, Ppm> {
  const rates = new Map<Commitment, Ppm>()
  for (const { commitment, ratePpm } of refusals.flatMap((refusal) => refusal.required))
    rates.set(commitment, ppm(Math.max(ratePpm, rates.get(commitment) ?? 0)))
  return rates
}
