import { isMarketError, OpenReply, protocols, type OpenRequest, type SignedAuditCommit } from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { requestPeer } from '../request-peer.ts'
import { holds, type AuditFile } from './audit-file.ts'

/** Asks the provider to open; its silence, or anything that does not open, is stored as such. */
export async function askOpening(
  context: Context,
  file: AuditFile,
  commits: readonly SignedAuditCommit[],
  signal: AbortSignal,
): Promise<void> {
  const { log, store } = context
  const { attempt, beacon, epoch, row } = file
  const message: OpenRequest = {
    type: 'open',
    commitment: row.commitment,
    reason: row.audit.reason,
    proposal: epoch.proposal,
    acks: [...epoch.acks],
    leaves: [...epoch.leaves],
    beacon,
    auditCommits: [...commits],
  }
  const request = { protocol: protocols.open, message, reply: OpenReply, deadlineMs: limits.openingMs }
  for (let tries = 0; tries < limits.openingTries; tries++) {
    const reply = await requestPeer(context, attempt.publicKey, request, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      log.warn({ provider: row.provider, code: isMarketError(error) ? error.code : 'internal' }, 'opening.missed')
      return undefined
    })
    if (reply?.type !== 'opening') continue
    const audit = { ...(store.audit(row.commitment)?.audit ?? row.audit), opening: reply.opening }
    if (!holds(context, file, audit)) continue
    return store.updateAudit(row.commitment, { audit })
  }
  store.updateAudit(row.commitment, { unopened: true })
}
