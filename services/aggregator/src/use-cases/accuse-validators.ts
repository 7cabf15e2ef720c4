import { validatorFaults } from '@assay/core'
import { after, deriveEvidenceHash, usdc, verdictOutcomes } from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AuditFile, FinalJudgement } from './audit-file.ts'

/**
 * Writes down the verdicts on validators that follow from a decided audit. Their amount is computed when they are signed, from
 * what is staked and recorded by then; one that did not show its result has some time left to do so. Call inside a transaction.
 */
export function accuseValidators({ clock, store }: Context, { row, job }: AuditFile, judgement: FinalJudgement): void {
  const now = clock.now()
  const { commitment, orderId, shard, attempt } = row
  const audit = store.audit(commitment)?.audit ?? row.audit
  for (const { validator: accused, offence, detector } of validatorFaults(judgement, audit)) {
    const verdict = {
      orderId,
      shard,
      attempt,
      accused,
      outcome: verdictOutcomes.validatorFault,
      slash: usdc(0n),
      detector,
      quorumId: job.terms.quorumId,
      evidence: deriveEvidenceHash(audit),
    }
    const key = `${orderId}/${shard}/${attempt}/${accused}`
    const dueAtMs = offence === 'outvoted' ? now : after(now, limits.revealGraceMs)
    const state = 'collecting' as const
    store.addVerdict({ key, orderId, accused, commitment, state, verdict, signatures: [], dueAtMs }, now)
  }
}
