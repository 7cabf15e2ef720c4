import { assertBug, deriveVerdictDigest, type Address, type Audit, type Signature, type Verdict } from '@assay/protocol'
import { askToSign } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { EpochRow } from '../store/records.ts'
import { askAboutEpoch } from './propose-to.ts'

/** A verdict with everything that a validator needs to judge again. */
export interface VerdictCase {
  readonly verdict: Verdict
  readonly audit: Audit
  readonly epoch: EpochRow
}

/** A validator's signature on a verdict. Throws its refusal. */
export async function askToJudge(
  context: Context,
  validator: Address,
  { verdict, audit, epoch }: VerdictCase,
  signal: AbortSignal,
): Promise<Signature> {
  const { opening, reason, rounds } = audit
  assertBug(epoch.beacon !== undefined, 'a verdict stands on an audit of a seeded epoch')
  const message = {
    type: 'judge' as const,
    verdict,
    reason,
    rounds,
    proposal: epoch.digest,
    beacon: epoch.beacon,
    acks: [...epoch.acks],
    ...(opening && { opening }),
  }
  const digest = deriveVerdictDigest(context.chain.market, verdict)
  // Twice the usual: a validator asks a provider that is said to be silent itself before it signs.
  const question = { digest, message, deadlineMs: limits.validatorReplyMs * 2 }
  const ask = async (): Promise<Signature> => askToSign(context, validator, question, signal)
  return askAboutEpoch(context, validator, { epoch, ask }, signal)
}
