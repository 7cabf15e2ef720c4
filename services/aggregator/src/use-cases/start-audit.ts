import type { Audit, AuditReason, Ppm } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow } from '../store/records.ts'

/** Opens the audit of a commit whose epoch has its seed. Call inside a transaction. */
export function startAudit(
  context: Context,
  attempt: AttemptRow,
  how: { readonly ratePpm: Ppm; readonly reason: AuditReason; readonly audit?: Audit; readonly late?: boolean },
): void {
  const { clock, emit, store } = context
  const { orderId, shard, attempt: number, provider, epoch } = attempt
  const { commitment } = attempt.commit!
  const audit = how.audit ?? { commitment, reason: how.reason, rounds: [{ commits: [], attestations: [] }] }
  const late = how.late ?? false
  const row = {
    commitment,
    orderId,
    shard,
    attempt: number,
    provider,
    epoch: epoch!,
    state: 'running',
    audit,
    unopened: false,
    late,
    verdict: undefined,
  } as const
  if (!store.addAudit(row, clock.now())) return
  if (!late) store.updateAttempt(attempt, { state: 'auditing', ratePpm: how.ratePpm, atMs: clock.now() })
  emit(orderId, { type: 'audit.started', shard, attempt: number, provider, note: how.reason })
}

/** Re-audits every commit of a convicted provider that is not settled and was not sampled. */
export function spreadContagion(context: Context, provider: AttemptRow['provider']): void {
  const { store } = context
  for (const attempt of store.unsettledOf(provider)) {
    const unsampled = attempt.state === 'accepted' && attempt.verdict === 'unsampled'
    if (unsampled && attempt.epoch !== undefined)
      startAudit(context, attempt, { ratePpm: attempt.ratePpm!, reason: 'contagion' })
  }
}
