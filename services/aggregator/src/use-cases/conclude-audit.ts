import { isRevoking } from '@assay/core'
import type { ErrorCode, Signature, Verdict } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptPatch } from '../store/records.ts'
import { accuseValidators } from './accuse-validators.ts'
import type { AuditFile, FinalJudgement, FinalVerdict } from './audit-file.ts'
import { findArming } from './find-certificate.ts'
import { spreadContagion } from './start-audit.ts'

/** What is to be sent to the chain, and who has signed it already. */
export interface Conviction {
  readonly verdict: Verdict
  readonly signatures: readonly Signature[]
  /** Whether it may cost stake: see `isSlashable` of core. */
  readonly armed: boolean
}

/** Records the verdict: pays, retries, or convicts, all in one step. */
export function concludeAudit(
  context: Context,
  file: AuditFile,
  judgement: FinalJudgement,
  conviction: Conviction | undefined,
): void {
  const { clock, store } = context
  const { verdict } = judgement
  const { commitment, late, unopened } = file.row
  const concluded = store.transaction(() => {
    const attempt = store.byCommitment(commitment)
    if (attempt?.state !== (late ? 'accepted' : 'auditing')) return false
    store.updateAudit(commitment, { state: 'judged', verdict })
    // What was paid stays paid: a late verdict only slashes.
    if (!late) store.updateAttempt(attempt, { ...patchFor(verdict, unopened), atMs: clock.now() })
    if (conviction !== undefined) convict(context, file, conviction)
    if (isRevoking(verdict, file.row.audit)) contradict(context, file)
    accuseValidators(context, file, judgement)
    return true
  })
  if (concluded) announce(context, file, { verdict, armed: conviction?.armed ?? true })
  context.wake()
}

function patchFor(verdict: FinalVerdict, unopened: boolean): AttemptPatch {
  switch (verdict) {
    case 'passed':
    case 'provider-right':
      return { state: 'accepted', verdict }
    case 'nondeterministic':
      return { state: 'rejected', verdict, code: 'result-nondeterministic', blame: 'client' }
    case 'provider-fault':
    case 'both-wrong': {
      const code: ErrorCode = unopened ? 'opening-invalid' : 'result-mismatch'
      return { state: 'rejected', verdict, code, blame: 'provider' }
    }
  }
}

/** Writes down the verdict that will slash, and re-audits what else this provider has open. */
function convict(context: Context, { row }: AuditFile, { verdict, signatures, armed }: Conviction): void {
  const { clock, store } = context
  const { orderId, shard, attempt, accused, slash } = verdict
  const key = `${orderId}/${shard}/${attempt}/${accused}`
  const { commitment } = row
  // Without stake there is nothing to slash; the conviction stands all the same.
  const withStake = slash === 0n ? 'slashed' : 'collecting'
  const state = armed ? withStake : 'unarmed'
  const dueAtMs = clock.now()
  store.addVerdict({ key, orderId, accused, commitment, state, verdict, signatures, dueAtMs }, clock.now())
  spreadContagion(context, accused)
}

/** The certificate of a job without a reproducible result arms nothing any more; the quorum is asked to take it back. */
function contradict(context: Context, { row, job, proposal }: AuditFile): void {
  const { arming } = findArming(context, { spec: job.spec, closedAtMs: proposal.closedAtMs, opened: true })
  if (arming.ok && arming.certificate !== undefined) context.store.contradict(arming.certificate, row.commitment)
}

function announce(
  context: Context,
  { attempt, row }: AuditFile,
  { verdict, armed }: { readonly verdict: FinalVerdict; readonly armed: boolean },
): void {
  const { orderId, shard, attempt: number, provider } = attempt
  const about = { shard, attempt: number, provider }
  if (verdict === 'passed' || verdict === 'provider-right') {
    context.emit(orderId, { type: 'audit.passed', ...about })
    context.emit(orderId, { type: 'shard.verified', ...about, note: verdict })
  } else if (verdict === 'nondeterministic') {
    context.emit(orderId, { type: 'shard.failed', ...about, code: 'result-nondeterministic', blame: 'client' })
  } else {
    const code = row.unopened ? 'opening-invalid' : 'result-mismatch'
    const note = armed ? verdict : `${verdict}, not slashed: the job is not certified`
    context.emit(orderId, { type: 'provider.convicted', ...about, code, blame: 'provider', note })
  }
}
