import { slashAmount } from '@assay/core'
import {
  assertBug,
  deriveEvidenceHash,
  usdc,
  verdictOutcomes,
  type Audit,
  type ValidatorRequest,
  type Verdict,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { EpochRow } from '../store/records.ts'
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

/** Asks a validator to sign a verdict, with everything that it needs to judge again. */
export function judgeMessage(
  verdict: Verdict,
  { opening, reason, rounds }: Audit,
  epoch: EpochRow,
): Extract<ValidatorRequest, { type: 'judge' }> {
  assertBug(epoch.beacon !== undefined, 'a verdict stands on an audit of a seeded epoch')
  return {
    type: 'judge',
    verdict,
    reason,
    rounds,
    proposal: epoch.digest,
    beacon: epoch.beacon,
    acks: [...epoch.acks],
    ...(opening && { opening }),
  }
}
