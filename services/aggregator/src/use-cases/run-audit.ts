import { isConviction } from '@assay/core'
import type { Commitment } from '@assay/protocol'
import type { Context } from '../context.ts'
import { askOpening } from './ask-opening.ts'
import { createSilence, judgeFile, openFile, type AuditFile, type AuditRun, type FinalJudgement } from './audit-file.ts'
import { concludeAudit } from './conclude-audit.ts'
import { confirmUnopened } from './confirm-unopened.ts'
import { createVerdict } from './create-verdict.ts'
import { gatherAttestations } from './gather-attestations.ts'
import { gatherCommits } from './gather-commits.ts'

/**
 * Drives one audit: blind commits first, then the provider's opening, then the validators' results; a mismatch calls a
 * panel. Every answer is stored before the next question, so a restart asks only what is missing. Throws
 * `audit-missing` when no seat answers; planning tries again.
 */
export async function runAudit(context: Context, commitment: Commitment, signal: AbortSignal): Promise<void> {
  const silence = createSilence()
  for (;;) {
    const file = openFile(context, commitment)
    if (file === undefined || file.row.state === 'judged') return
    const round = file.row.audit.rounds.length - 1
    const judgement = judgeFile(context, file)
    if (judgement === 'pending') await advanceRound(context, { file, round, silence }, signal)
    else if (judgement === 'panel-needed') callPanel(context, file)
    else if (await conclude(context, file, judgement, signal)) return
  }
}

/** Whether that was the end of it: a provider said to be silent may have opened to a validator. */
async function conclude(
  context: Context,
  file: AuditFile,
  judgement: FinalJudgement,
  signal: AbortSignal,
): Promise<boolean> {
  const created = isConviction(judgement.verdict) ? await createVerdict(context, file, judgement, signal) : undefined
  const doubtful = file.row.unopened && created !== undefined && created.verdict.slash > 0n
  const signatures = doubtful ? await confirmUnopened(context, file, created.verdict, signal) : []
  if (signatures === undefined) return false
  concludeAudit(context, file, judgement, created && { ...created, signatures })
  return true
}

/** Gathers what the newest round lacks. */
async function advanceRound(context: Context, run: AuditRun, signal: AbortSignal): Promise<void> {
  const commits = await gatherCommits(context, run, signal)
  const { audit, unopened } = run.file.row
  if (audit.opening === undefined && !unopened) await askOpening(context, run.file, commits, signal)
  await gatherAttestations(context, run, signal)
}

function callPanel({ emit, store }: Context, { attempt, row }: AuditRun['file']): void {
  const { audit, commitment } = row
  store.updateAudit(commitment, { audit: { ...audit, rounds: [...audit.rounds, { commits: [], attestations: [] }] } })
  const { shard, attempt: number, provider, orderId } = attempt
  const note = 'a panel of three re-runs the shard'
  emit(orderId, { type: 'audit.mismatched', shard, attempt: number, provider, note })
}
