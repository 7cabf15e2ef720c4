import { slashAmount } from '@assay/core'
import { assertBug, deriveEvidenceHash, usdc, verdictOutcomes, type Verdict } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AuditFile, FinalJudgement } from './audit-file.ts'
import { findArming } from './find-certificate.ts'

/** The verdict that follows from a conviction, with the slash that the stake of now allows; none unless it is armed. */
export async function createVerdict(
  context: Context,
  { row, attempt, job, proposal }: AuditFile,
  { detector }: FinalJudgement,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly armed: boolean }> {
  const { chain } = context
  const { orderId, shard, attempt: number, provider, priceUsdc, ratePpm } = attempt
  assertBug(ratePpm !== undefined && detector !== undefined, 'a conviction has a rate and a detector')
  const opened = row.audit.opening !== undefined
  const { arming } = findArming(context, { spec: job.spec, closedAtMs: proposal.closedAtMs, opened })
  const stakeUsdc = (arming.ok ? (await chain.operator(provider, signal))?.stake : undefined) ?? usdc(0n)
  const verdict: Verdict = {
    orderId,
    shard,
    attempt: number,
    accused: provider,
    outcome: verdictOutcomes.providerFault,
    slash: slashAmount({ priceUsdc, stakeUsdc, ratePpm, determinism: job.spec.determinism }),
    detector,
    quorumId: job.terms.quorumId,
    evidence: deriveEvidenceHash(row.audit),
  }
  return { verdict, armed: arming.ok }
}
