import { auditSeats, judgeAudit, type AuditJudgement } from '@assay/core'
import {
  durationMs,
  EpochProposal,
  isMarketError,
  MarketError,
  openEnvelope,
  OpenReply,
  protocols,
  type Address,
  type Audit,
  type AuditRound,
  type Commitment,
  type OpenRequest,
  type SignedAuditCommit,
  type ValidatorRequest,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { askValidator, requestPeer } from '../request-peer.ts'
import type { AttemptRow, AuditRow, EpochRow, JobRow } from '../store/records.ts'
import { concludeAudit } from './conclude-audit.ts'

/** One audit with the records it stands on. */
export interface AuditCaseFile {
  readonly row: AuditRow
  readonly attempt: AttemptRow
  readonly job: JobRow
  readonly epoch: EpochRow
  readonly proposal: EpochProposal
}

/**
 * Drives one audit: blind commits first, then the provider's opening, then the validators' results; a mismatch calls a
 * panel. Every answer is stored before the next question, so a restart asks only what is missing.
 */
export async function runAudit(context: Context, commitment: Commitment, signal: AbortSignal): Promise<void> {
  const silent: Silence = new Map()
  for (;;) {
    const file = openFile(context, commitment)
    if (file === undefined || file.row.state === 'judged') return
    const judgement = judge(context, file)
    if (judgement.ok && judgement.verdict === 'panel-needed') {
      const { audit } = file.row
      context.store.updateAudit(commitment, {
        audit: { ...audit, rounds: [...audit.rounds, { commits: [], attestations: [] }] },
      })
      const { shard, attempt, provider, orderId } = file.attempt
      context.emit(orderId, {
        type: 'audit.mismatched',
        shard,
        attempt,
        provider,
        note: 'a panel of three re-runs the shard',
      })
    } else if (judgement.ok && judgement.verdict !== 'pending') {
      return concludeAudit(context, file, judgement)
    } else {
      await advanceRound(context, file, silent, signal)
    }
  }
}

function openFile(context: Context, commitment: Commitment): AuditCaseFile | undefined {
  const { store } = context
  const row = store.audit(commitment)
  const attempt = store.byCommitment(commitment)
  const job = row && store.job(row.orderId)
  const epoch = row && store.epoch(row.epoch)
  if (row === undefined || attempt === undefined || job === undefined || epoch?.beacon === undefined) return undefined
  return { row, attempt, job, epoch, proposal: openEnvelope('epoch/1', EpochProposal, epoch.proposal) }
}

/** The judgement so far; `pending` until the provider was asked and enough seats have shown their results. */
function judge(context: Context, { row, attempt, job, epoch, proposal }: AuditCaseFile): AuditJudgement {
  const asked = row.audit.opening !== undefined || row.unopened
  if (!asked) return { ok: true, verdict: 'pending', detector: undefined, validatorsAtFault: [], paid: [] }
  const judgement = judgeAudit({
    market: context.chain.market,
    commit: attempt.commit!,
    terms: job.terms,
    proposal,
    beacon: epoch.beacon!,
    audit: row.audit,
  })
  if (!judgement.ok)
    throw new MarketError('internal', 'our own audit record does not hold', {
      details: { fault: judgement.fault, ...judgement.details },
    })
  return judgement
}

/** Gathers what the newest round lacks. Throws `audit-missing` when no seat answers; planning tries again. */
async function advanceRound(
  context: Context,
  file: AuditCaseFile,
  silent: Silence,
  signal: AbortSignal,
): Promise<void> {
  const round = file.row.audit.rounds.length - 1
  const commits = await gatherCommits(context, file, round, silent, signal)
  if (file.row.audit.opening === undefined && !file.row.unopened) await askOpening(context, file, commits, signal)
  await gatherAttestations(context, file.row.commitment, round, silent, signal)
}

/** How often each validator that committed did not show its result. */
type Silence = Map<Address, number>
const gaveUp = (silent: Silence, validator: Address): boolean => (silent.get(validator) ?? 0) >= limits.revealTries

/** Fills the seats of a round. Seats that do not answer are passed over for their alternates. */
async function gatherCommits(
  context: Context,
  file: AuditCaseFile,
  round: number,
  silent: Silence,
  signal: AbortSignal,
): Promise<readonly SignedAuditCommit[]> {
  const { seats, alternates } = seatsFor(file, round)
  const waiting = [...seats, ...alternates]
  const current = (): AuditRound => context.store.audit(file.row.commitment)!.audit.rounds[round]!
  const taken = (): number => current().commits.filter((commit) => !gaveUp(silent, commit.validator)).length
  const fill = async (): Promise<void> => {
    while (taken() < seats.length) {
      const validator = waiting.shift()
      if (validator === undefined) return
      if (current().commits.some((commit) => commit.validator === validator)) continue
      const commit = await askAudit(context, file, round, validator, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        context.log.warn({ validator, round, code: isMarketError(error) ? error.code : 'internal' }, 'audit.refused')
        return undefined
      })
      if (commit !== undefined)
        addToRound(context, file.row.commitment, round, (r) => ({ ...r, commits: [...r.commits, commit] }))
    }
  }
  await Promise.all(seats.map(fill))
  if (taken() < seats.length)
    throw new MarketError('audit-missing', 'too few validators took their seats', {
      details: { round, have: taken(), need: seats.length },
    })
  return current().commits
}

function seatsFor({ row, attempt, job, epoch, proposal }: AuditCaseFile, round: number) {
  const earlier = earlierSeats(row.audit, round)
  const { commitment, provider } = attempt.commit!
  return auditSeats({ proposal, beacon: epoch.beacon!, commitment, round, provider, client: job.client, earlier })
}

const earlierSeats = (audit: Audit, round: number): Address[] =>
  audit.rounds.slice(0, round).flatMap((earlier) => earlier.commits.map((commit) => commit.validator))

async function askAudit(
  context: Context,
  file: AuditCaseFile,
  round: number,
  validator: Address,
  signal: AbortSignal,
): Promise<SignedAuditCommit> {
  const peer = context.directory.node(validator)?.peer
  if (peer === undefined)
    throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
  const { epoch, row, job } = file
  const deadlineMs = limits.auditTimeFactor * job.spec.timeLimitMs + limits.auditSlackMs
  const reply = await askValidator(
    context,
    peer.publicKey,
    {
      type: 'audit',
      commitment: row.commitment,
      round,
      reason: row.audit.reason,
      proposal: epoch.digest,
      acks: [...epoch.acks],
      beacon: epoch.beacon!,
      excluded: earlierSeats(row.audit, round),
      inputsFrom: { publicKey: context.signer.publicKey },
    },
    ['audited'],
    deadlineMs,
    signal,
  )
  if (
    reply.commit.validator !== validator ||
    reply.commit.round !== round ||
    reply.commit.commitment !== row.commitment
  )
    throw new MarketError('message-malformed', 'the validator committed to something else', { details: { validator } })
  return reply.commit
}

/** Asks the provider to open; its silence, or anything that does not open, is stored as such. */
async function askOpening(
  context: Context,
  file: AuditCaseFile,
  commits: readonly SignedAuditCommit[],
  signal: AbortSignal,
): Promise<void> {
  const { store } = context
  const { row, epoch } = file
  const message: OpenRequest = {
    type: 'open',
    commitment: row.commitment,
    reason: row.audit.reason,
    proposal: epoch.proposal,
    acks: [...epoch.acks],
    leaves: [...epoch.leaves],
    beacon: epoch.beacon!,
    auditCommits: [...commits],
  }
  for (let tries = 0; tries < limits.openingTries; tries++) {
    const request = { protocol: protocols.open, message, reply: OpenReply, deadlineMs: limits.openingMs }
    const reply = await requestPeer(context, file.attempt.publicKey, request, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      context.log.warn(
        { provider: row.provider, code: isMarketError(error) ? error.code : 'internal' },
        'opening.missed',
      )
      return undefined
    })
    if (reply?.type !== 'opening') continue
    const audit = { ...store.audit(row.commitment)!.audit, opening: reply.opening }
    if (!judgeableOpening(context, file, audit)) continue
    store.updateAudit(row.commitment, { audit })
    return
  }
  store.updateAudit(row.commitment, { unopened: true })
}

function judgeableOpening(context: Context, { attempt, job, epoch, proposal }: AuditCaseFile, audit: Audit): boolean {
  const market = context.chain.market
  return judgeAudit({ market, commit: attempt.commit!, terms: job.terms, proposal, beacon: epoch.beacon!, audit }).ok
}

/** Every seat that committed shows its result. One that will not, after some tries, leaves its seat to an alternate. */
async function gatherAttestations(
  context: Context,
  commitment: Commitment,
  round: number,
  silent: Silence,
  signal: AbortSignal,
): Promise<void> {
  const { audit } = context.store.audit(commitment)!
  const { commits, attestations } = audit.rounds[round]!
  const missing = commits.filter(
    ({ validator }) => !attestations.some((shown) => shown.validator === validator) && !gaveUp(silent, validator),
  )
  const ask = async ({ validator }: SignedAuditCommit): Promise<void> => {
    const peer = context.directory.node(validator)?.peer
    if (peer === undefined)
      throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
    const message: ValidatorRequest = {
      type: 'reveal',
      commitment,
      round,
      commits: [...commits],
      ...(audit.opening && { opening: audit.opening }),
    }
    const reply = await askValidator(context, peer.publicKey, message, ['attested'], limits.validatorReplyMs, signal)
    addToRound(context, commitment, round, (r) => ({ ...r, attestations: [...r.attestations, reply.attestation] }))
  }
  const results = await Promise.allSettled(missing.map(ask))
  signal.throwIfAborted()
  results.forEach((result, at) => {
    const { validator } = missing[at]!
    if (result.status === 'rejected') silent.set(validator, (silent.get(validator) ?? 0) + 1)
  })
  if (missing.length > 0 && results.every((result) => result.status === 'rejected'))
    await context.clock.sleep(durationMs(limits.retryMs), signal)
}

function addToRound(
  context: Context,
  commitment: Commitment,
  round: number,
  change: (round: AuditRound) => AuditRound,
): void {
  const { store } = context
  store.transaction(() => {
    const { audit } = store.audit(commitment)!
    store.updateAudit(commitment, {
      audit: { ...audit, rounds: audit.rounds.map((old, at) => (at === round ? change(old) : old)) },
    })
  })
}
