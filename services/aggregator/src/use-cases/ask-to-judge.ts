import {
  assertBug,
  deriveVerdictDigest,
  EpochProposal,
  openEnvelope,
  type Address,
  type Audit,
  type Certificate,
  type Signature,
  type Verdict,
} from '@assay/protocol'
import { askToSign } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { EpochRow } from '../store/records.ts'
import { findArming } from './find-certificate.ts'
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
  const certificate = certificateOf(context, { verdict, audit, epoch })
  const { challenges, opening, reason, rounds } = audit
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
    ...(certificate && { certificate }),
    ...(challenges && { challenges }),
  }
  const digest = deriveVerdictDigest(context.chain.market, verdict)
  // Twice the usual: a validator asks a provider that is said to be silent itself before it signs.
  const question = { digest, message, deadlineMs: limits.validatorReplyMs * 2 }
  const ask = async (): Promise<Signature> => askToSign(context, validator, question, signal)
  return askAboutEpoch(context, validator, { epoch, ask }, signal)
}

/** What arms the verdict, if it needs that. */
function certificateOf(context: Context, { verdict, audit, epoch }: VerdictCase): Certificate | undefined {
  const job = context.store.job(verdict.orderId)
  assertBug(job !== undefined, 'a verdict is on an attempt of a job in the store')
  const { closedAtMs } = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  return findArming(context, { spec: job.spec, closedAtMs, opened: audit.opening !== undefined }).certificate
}
