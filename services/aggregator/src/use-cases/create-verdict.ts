import { slashAmount } from '@assay/core'
import { assertBug, deriveEvidenceHash, usdc, verdictOutcomes, type Verdict } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AuditFile, FinalJudgement } from './audit-file.ts'

/** The verdict that follows from a conviction, with the slash that the stake of now allows. */
export async function createVerdict(
  { chain }: Context,
  { row, attempt, job }: AuditFile,
  { detector }: FinalJudgement,
  signal: AbortSignal,
): Promise<Verdict> {
  const { orderId, shard, attempt: number, provider, priceUsdc, ratePpm } = attempt
  assertBug(ratePpm !== undefined && detector !== undefined, 'a conviction has a rate and a detector')
  const stakeUsdc = (await chain.operator(provider, signal))?.stake ?? usdc(0n)
  return {
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
}
