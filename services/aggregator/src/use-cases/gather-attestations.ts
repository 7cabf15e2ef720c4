import { durationMs, MarketError, type SignedAuditCommit } from '@assay/protocol'
import { askValidator } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { addToRound, currentRound, type AuditRun } from './audit-file.ts'

/** Every seat that committed shows its result. One that will not, after some tries, leaves its seat to an alternate. */
export async function gatherAttestations(context: Context, run: AuditRun, signal: AbortSignal): Promise<void> {
  const { file, round, silence } = run
  const { commits, attestations } = currentRound(context, file.row.commitment, round)
  const missing = commits.filter(
    ({ validator }) => !attestations.some((shown) => shown.validator === validator) && !silence.gaveUp(validator),
  )
  const results = await Promise.allSettled(missing.map(async (commit) => reveal(context, run, commit, signal)))
  signal.throwIfAborted()
  results.forEach((result, at) => {
    const seat = missing[at]
    if (result.status === 'rejected' && seat !== undefined) silence.missed(seat.validator)
  })
  if (missing.length > 0 && results.every((result) => result.status === 'rejected'))
    await context.clock.sleep(durationMs(limits.retryMs), signal)
}

async function reveal(
  context: Context,
  run: AuditRun,
  { validator }: SignedAuditCommit,
  signal: AbortSignal,
): Promise<void> {
  const { file, round } = run
  const { commitment } = file.row
  const { commits } = currentRound(context, commitment, round)
  const opening = context.store.audit(commitment)?.audit.opening
  const message = {
    type: 'reveal' as const,
    commitment,
    round,
    commits: [...commits],
    ...(opening && { opening }),
  }
  const question = { message, expected: ['attested' as const], deadlineMs: limits.validatorReplyMs }
  const { attestation } = await askValidator(context, validator, question, signal)
  if (attestation.validator !== validator)
    throw new MarketError('message-malformed', 'the result is another validator’s', { details: { validator } })
  addToRound(context, run, validator, (old) => ({ ...old, attestations: [...old.attestations, attestation] }))
}
