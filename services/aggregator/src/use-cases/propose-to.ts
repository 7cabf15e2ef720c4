import { asHash, isMarketError, type Address } from '@assay/protocol'
import { askValidator, type ReplyOf } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { EpochRow } from '../store/records.ts'
import { introduceTo } from './introduce-job.ts'

/** Shows an epoch to a validator, after the orders in it that it does not know. */
export async function proposeTo(
  context: Context,
  validator: Address,
  { epoch, deadlineMs }: { readonly epoch: EpochRow; readonly deadlineMs: number },
  signal: AbortSignal,
): Promise<ReplyOf<'acknowledged' | 'refused'>> {
  const message = { type: 'propose' as const, proposal: epoch.proposal, leaves: [...epoch.leaves] }
  const propose = async () =>
    askValidator(context, validator, { message, expected: ['acknowledged', 'refused'], deadlineMs }, signal)
  const first = await propose()
  if (first.type !== 'refused' || first.unknownOrders.length === 0) return first
  for (const orderId of first.unknownOrders) await introduceTo(context, validator, asHash(orderId), signal)
  return propose()
}

/**
 * Asks a validator about an epoch's commit. One that missed the proposal is shown it now: it is too late to acknowledge,
 * but not to audit or judge what a threshold has acknowledged.
 */
export async function askAboutEpoch<T>(
  context: Context,
  validator: Address,
  { epoch, ask }: { readonly epoch: EpochRow; readonly ask: () => Promise<T> },
  signal: AbortSignal,
): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isMarketError(error) || !unseen.has(String(error.details['reason']))) throw error
    const proposal = { epoch, deadlineMs: limits.validatorReplyMs }
    await proposeTo(context, validator, proposal, signal).catch(() => signal.throwIfAborted())
    return ask()
  }
}

const unseen: ReadonlySet<string> = new Set(['epoch-unacknowledged', 'commit-unknown'])
