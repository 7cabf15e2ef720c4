import { slashAmount, type AuditJudgement } from '@assay/core'
import { deriveEvidenceHash, verdictOutcomes, type ErrorCode, type ShardVerdict, type Verdict } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptPatch } from '../store/records.ts'
import type { AuditCaseFile } from './run-audit.ts'
import { spreadContagion } from './start-audit.ts'

type Judged = Extract<AuditJudgement, { ok: true }>

/** Records the verdict: pays, retries, or convicts, all in one step. */
export async function concludeAudit(context: Context, file: AuditCaseFile, judgement: Judged): Promise<void> {
  const { chain, clock, store } = context
  const verdict = judgement.verdict as ShardVerdict
  const convicts = verdict === 'provider-fault' || verdict === 'both-wrong'
  const stake = convicts ? (await chain.operator(file.row.provider, AbortSignal.timeout(10_000)))?.stake : undefined
  store.transaction(() => {
    const attempt = store.byCommitment(file.row.commitment)!
    store.updateAudit(file.row.commitment, { state: 'judged', verdict })
    store.updateAttempt(attempt, { ...patchFor(verdict, file.row.unopened), atMs: clock.now() })
    if (convicts && stake !== undefined) convict(context, file, judgement, stake)
  })
  announce(context, file, verdict)
  context.wake()
}

function patchFor(verdict: ShardVerdict, unopened: boolean): AttemptPatch {
  switch (verdict) {
    case 'unsampled':
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
  { row, attempt, job }: AuditCaseFile,
  judgement: Judged,
  stakeUsdc: Parameters<typeof slashAmount>[0]['stakeUsdc'],
): void {
  const { clock, store } = context
  const { orderId, shard, attempt: number, provider } = attempt
  const verdict: Verdict = {
    orderId,
    shard,
    attempt: number,
    accused: provider,
    outcome: verdictOutcomes.providerFault,
    slash: slashAmount({ priceUsdc: attempt.priceUsdc, stakeUsdc, ratePpm: attempt.ratePpm! }),
    detector: judgement.detector ?? row.audit.rounds[0]!.attestations[0]!.validator,
    quorumId: job.terms.quorumId,
    evidence: deriveEvidenceHash(store.audit(row.commitment)!.audit),
  }
  const key = `${orderId}/${shard}/${number}/${provider}`
  store.addVerdict(
    { key, orderId, accused: provider, commitment: row.commitment, state: 'collecting', verdict, signatures: [] },
    clock.now(),
  )
  spreadContagion(context, provider)
}

function announce(context: Context, { attempt, row }: AuditCaseFile, verdict: ShardVerdict): void {
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
