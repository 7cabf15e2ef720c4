import { verificationPolicy } from '@assay/core'
import {
  after,
  asHash,
  bytesToHex,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  toUnixMs,
  type Address,
  type SignedAuditCommit,
  type UnixMs,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits as limits } from '../limits.ts'
import { protectSeat } from '../protection.ts'
import type { AuditRow } from '../store/records.ts'
import { openDueCommit, refuse, seatsOf, type DueCommit } from './due-commit.ts'
import { rerunShard } from './rerun-shard.ts'

export type AuditRequest = Extract<ValidatorRequest, { type: 'audit' }>

/**
 * Re-runs a shard from its inputs alone and commits to the result, which is durable before the commit leaves. Asked
 * again, it gives the same commit; asked while it runs, it waits for the same run. Throws `audit-refused`.
 */
export async function runAudit(
  context: ValidatorContext,
  request: AuditRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { commitment, round } = request
  const { audits, facts, signer, store } = context
  const held = ownAudit(context, request)
  if (held !== undefined) {
    if (store.order(held.orderId)?.terms.aggregator !== from) throw refuse('not-its-aggregator')
    return { type: 'audited', commit: await signAuditCommit(context, held) }
  }

  const due = await openDueCommit(context, request, from, signal)
  checkSeat(due, request, signer.address)
  const { hardwareClass } = due.order.spec
  if (hardwareClass !== undefined && hardwareClass !== facts.hardwareClass)
    throw refuse('hardware-class-foreign', { hardwareClass })
  protectSeat(store, commitment, round)
  const deadline = await runUntil(context, due, request, signal)
  // The run belongs to the validator, not to the request: a broken stream finds its answer when asked again.
  return {
    type: 'audited',
    commit: await audits.run(`${commitment}/${round}`, async () => produce(context, due, request, deadline)),
  }
}

/** This validator's own result in a round, if it has one. */
export const ownAudit = (
  { store }: ValidatorContext,
  { commitment, round }: Pick<AuditRow, 'commitment' | 'round'>,
): AuditRow | undefined => store.auditsOf(commitment).find((audit) => audit.round === round)

/** Nobody chooses its auditor: the draw does, and whom it leaves out is drawn too. */
function checkSeat(due: DueCommit, { round, excluded }: AuditRequest, self: Address): void {
  if (round > 1) throw refuse('round-unknown', { round })
  if (round === 0 && excluded.length > 0) throw refuse('nobody-excluded-yet')
  const first = seatsOf(due, 0, [])
  const before = [...first.seats, ...first.alternates]
  if (
    round === 1 &&
    (excluded.length < verificationPolicy.auditSeats || excluded.some((seat) => !before.includes(seat)))
  )
    throw refuse('excluded-undrawn')
  const { seats, alternates } = seatsOf(due, round, excluded)
  if (![...seats, ...alternates].includes(self)) throw refuse('seat-undrawn', { round })
}

/**
 * When the run must be over: with the order, as long as it holds its money; a challenge of a settled commit has its own
 * time. Nobody pays for such an audit, so only so many a day are run for one client.
 */
async function runUntil(
  { challenged, chainFacts, clock }: ValidatorContext,
  { order }: DueCommit,
  { challenges, commitment }: AuditRequest,
  signal: AbortSignal,
): Promise<UnixMs> {
  const { terms, spec, orderId } = order
  const now = clock.now()
  const { status } = await chainFacts.order(orderId, signal)
  if (status === 'funded' && now < toUnixMs(terms.settleBy)) return toUnixMs(terms.settleBy)
  if (status !== 'settled' || challenges === undefined)
    throw refuse(now >= toUnixMs(terms.settleBy) ? 'order-overdue' : 'order-closed', { status })
  if (now >= after(toUnixMs(terms.refundAt), verificationPolicy.lateChallengeMs)) throw refuse('window-closed')
  const day = [...(challenged.get(terms.client) ?? [])].filter(([, atMs]) => after(atMs, dayMs) > now)
  const seen = new Map(day).set(commitment, now)
  if (seen.size > limits.lateAuditsPerClient) throw refuse('too-many-challenges', { challenges: day.length })
  challenged.set(terms.client, seen)
  return after(now, limits.lateAuditTimeFactor * spec.timeLimitMs + limits.lateAuditSlackMs)
}
const dayMs = 24 * 60 * 60 * 1000

async function produce(
  context: ValidatorContext,
  due: DueCommit,
  request: AuditRequest,
  deadline: UnixMs,
): Promise<SignedAuditCommit> {
  const { clock, log, rng, store } = context
  const { commitment, round, excluded, inputsFrom } = request
  const known = ownAudit(context, request)
  if (known !== undefined) return signAuditCommit(context, known)
  const resultRoot = await rerunShard(context, due, { round, source: inputsFrom.publicKey, deadline })
  const { orderId, shard } = due.leaf.commit
  const row: AuditRow = {
    commitment,
    round,
    orderId,
    proposal: due.epoch.digest,
    beacon: due.beacon,
    excluded,
    opening: { resultRoot, salt: asHash(bytesToHex(rng.bytes(32))) },
    attested: false,
    atMs: clock.now(),
  }
  protectSeat(store, commitment, round)
  store.addAudit(row)
  log.info({ orderId, shard, commitment, round }, 'audit.committed')
  return signAuditCommit(context, row)
}

async function signAuditCommit(
  { chain, signer }: ValidatorContext,
  { commitment, round, opening }: AuditRow,
): Promise<SignedAuditCommit> {
  const about = { commitment, round, validator: signer.address }
  const body = { ...about, auditCommitment: deriveAuditCommitment(chain.market, about, opening) }
  return { ...body, signature: await signer.sign(deriveAuditCommitDigest(chain.market, body)) }
}
