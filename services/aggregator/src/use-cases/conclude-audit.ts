import { isConviction, slashAmount } from '@assay/core'
import {
  assertBug,
  deriveEvidenceHash,
  verdictOutcomes,
  type ErrorCode,
  type UsdcBase,
  type Verdict,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptPatch } from '../store/records.ts'
import type { AuditFile, FinalJudgement, FinalVerdict } from './audit-file.ts'
import { spreadContagion } from './start-audit.ts'

/** Records the verdict: pays, retries, or convicts, all in one step. */
export async function concludeAudit(
  context: Context,
  file: AuditFile,
  judgement: FinalJudgement,
  signal: AbortSignal,
): Promise<void> {
  const { chain, clock, store } = context
  const { commitment, provider, unopened } = file.row
  const { verdict } = judgement
  const operator = isConviction(verdict) ? await chain.operator(provider, signal) : undefined
  store.transaction(() => {
    const attempt = store.byCommitment(commitment) ?? file.attempt
    store.updateAudit(commitment, { state: 'judged', verdict })
    store.updateAttempt(attempt, { ...patchFor(verdict, unopened), atMs: clock.now() })
    if (operator !== undefined) convict(context, { ...file, attempt }, judgement, operator.stake)
  })
  announce(context, file, verdict)
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
function convict(
  context: Context,
  { row, attempt, job }: AuditFile,
  judgement: FinalJudgement,
  stakeUsdc: UsdcBase,
): void {
  const { clock, store } = context
  const { orderId, shard, attempt: number, provider, priceUsdc, ratePpm } = attempt
  const { detector } = judgement
  assertBug(ratePpm !== undefined && detector !== undefined, 'a conviction has a rate and a detector')
  const verdict: Verdict = {
    orderId,
    shard,
    attempt: number,
    accused: provider,
    outcome: verdictOutcomes.providerFault,
    slash: slashAmount({ priceUsdc, stakeUsdc, ratePpm }),
    detector,
    quorumId: job.terms.quorumId,
    evidence: deriveEvidenceHash(row.audit),
  }
  const key = `${orderId}/${shard}/${number}/${provider}`
  const { commitment } = row
  store.addVerdict(
    { key, orderId, accused: provider, commitment, state: 'collecting', verdict, signatures: [] },
    clock.now(),
  )
  spreadContagion(context, provider)
}

function announce(context: Context, { attempt, row }: AuditFile, verdict: FinalVerdict): void {
  const { orderId, shard, attempt: number, provider } = attempt
  const about = { shard, attempt: number, provider }
  if (verdict === 'passed' || verdict === 'provider-right') {
    context.emit(orderId, { type: 'audit.passed', ...about })
    context.emit(orderId, { type: 'shard.verified', ...about, note: verdict })
  } else if (verdict === 'nondeterministic') {
    context.emit(orderId, { type: 'shard.failed', ...about, code: 'result-nondeterministic', blame: 'client' })
  } else {
    const code = row.unopened ? 'opening-invalid' : 'result-mismatch'
    context.emit(orderId, { type: 'provider.convicted', ...about, code, blame: 'provider', note: verdict })
  }
}
