import {
  after,
  durationMs,
  isMarketError,
  OpenReply,
  protocols,
  type OpenRequest,
  type SignedAuditCommit,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { requestPeer } from '../request-peer.ts'
import { holds, type AuditFile } from './audit-file.ts'

/**
 * Asks the provider to open, for as long as a restart of it may take. Its silence till the end, or nothing that opens, is
 * stored as such; whether that convicts is for the quorum to say.
 */
export async function askOpening(
  context: Context,
  file: AuditFile,
  commits: readonly SignedAuditCommit[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, store } = context
  const { commitment } = file.row
  const until = after(clock.now(), limits.openingTries * limits.openingMs)
  for (;;) {
    const opening = await askOnce(context, file, commits, signal)
    const audit = { ...(store.audit(commitment)?.audit ?? file.row.audit), ...(opening && { opening }) }
    if (opening !== undefined && holds(context, file, audit)) return store.updateAudit(commitment, { audit })
    const left = until - clock.now()
    if (left <= 0) return store.updateAudit(commitment, { unopened: true })
    await clock.sleep(durationMs(Math.min(limits.openingPauseMs, left)), signal)
  }
}

async function askOnce(
  context: Context,
  { attempt, beacon, epoch, row }: AuditFile,
  commits: readonly SignedAuditCommit[],
  signal: AbortSignal,
): Promise<Extract<OpenReply, { type: 'opening' }>['opening'] | undefined> {
  const message: OpenRequest = {
    type: 'open',
    commitment: row.commitment,
    reason: row.audit.reason,
    proposal: epoch.proposal,
    acks: [...epoch.acks],
    leaves: [...epoch.leaves],
    beacon,
    auditCommits: [...commits],
    ...(row.audit.challenges && { challenges: row.audit.challenges }),
  }
  const request = { protocol: protocols.open, message, reply: OpenReply, deadlineMs: limits.openingMs }
  const missed = (code: string): void => context.log.warn({ provider: row.provider, code }, 'opening.missed')
  try {
    const reply = await requestPeer(context, attempt.publicKey, request, signal)
    if (reply.type === 'opening') return reply.opening
    missed(reply.error.code)
  } catch (error) {
    signal.throwIfAborted()
    missed(isMarketError(error) ? error.code : 'internal')
  }
  return undefined
}
