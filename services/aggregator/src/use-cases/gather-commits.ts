import { isMarketError, MarketError, type Address, type SignedAuditCommit } from '@assay/protocol'
import { askValidator } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { addToRound, currentRound, earlierSeats, seatsFor, type AuditRun } from './audit-file.ts'
import { noteFault } from './note-fault.ts'
import { askAboutEpoch } from './propose-to.ts'

/**
 * Fills the seats of a round. Seats that do not answer are passed over for their alternates. Throws `audit-missing` when
 * too few validators take a seat.
 */
export async function gatherCommits(
  context: Context,
  run: AuditRun,
  signal: AbortSignal,
): Promise<readonly SignedAuditCommit[]> {
  const { file, round, silence } = run
  const { seats, alternates } = seatsFor(file, round)
  const waiting = [...seats, ...alternates]
  const commits = (): readonly SignedAuditCommit[] => currentRound(context, file.row.commitment, round).commits
  const taken = (): number => commits().filter(({ validator }) => !silence.gaveUp(validator)).length
  const fillOne = async (): Promise<void> => {
    for (let validator = waiting.shift(); validator !== undefined; validator = waiting.shift()) {
      const seat = validator
      if (commits().some((commit) => commit.validator === seat)) continue
      if (await takeSeat(context, run, seat, signal)) return
    }
  }
  // One asker for each empty seat: an alternate works, and is paid, only when a seat stays empty.
  await Promise.all(Array.from({ length: seats.length - taken() }, fillOne))
  if (taken() < seats.length)
    throw new MarketError('audit-missing', 'too few validators took their seats', {
      details: { round, have: taken(), need: seats.length },
    })
  return commits()
}

/** Whether the validator took the seat. */
async function takeSeat(context: Context, run: AuditRun, validator: Address, signal: AbortSignal): Promise<boolean> {
  try {
    const ask = async () => askAudit(context, run, validator, signal)
    const commit = await askAboutEpoch(context, validator, { epoch: run.file.epoch, ask }, signal)
    noteAuditCommit(context, run, commit)
    addToRound(context, run, validator, (round) => ({ ...round, commits: [...round.commits, commit] }))
    return true
  } catch (error) {
    signal.throwIfAborted()
    const code = isMarketError(error) ? error.code : 'internal'
    context.log.warn({ validator, round: run.round, code }, 'audit.refused')
    return false
  }
}

/** A second answer of one seat in one round convicts it, once the provider's opening ties the round to the order. */
function noteAuditCommit(context: Context, { file, round }: AuditRun, second: SignedAuditCommit): void {
  const { commit, job, row } = file
  const first = currentRound(context, row.commitment, round).commits.find(
    ({ validator }) => validator === second.validator,
  )
  const opening = context.store.audit(row.commitment)?.audit.opening
  if (first === undefined || opening === undefined) return
  noteFault(context, { kind: 'conflicting-audits', terms: job.terms, commit, opening, first, second })
}

async function askAudit(
  context: Context,
  { file, round }: AuditRun,
  validator: Address,
  signal: AbortSignal,
): Promise<SignedAuditCommit> {
  const { beacon, epoch, row, job } = file
  const { commit } = await askValidator(
    context,
    validator,
    {
      message: {
        type: 'audit',
        commitment: row.commitment,
        round,
        reason: row.audit.reason,
        proposal: epoch.digest,
        acks: [...epoch.acks],
        beacon,
        excluded: earlierSeats(row.audit, round),
        inputsFrom: { publicKey: context.signer.publicKey },
        ...(row.audit.challenges && { challenges: row.audit.challenges }),
      },
      expected: ['audited'],
      deadlineMs: limits.auditTimeFactor * job.spec.timeLimitMs + limits.auditSlackMs,
    },
    signal,
  )
  if (commit.validator !== validator)
    throw new MarketError('message-malformed', 'the commit is another validator’s', { details: { validator } })
  return commit
}
