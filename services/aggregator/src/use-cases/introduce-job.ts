import { isMarketError, type Address, type OrderId } from '@assay/protocol'
import { askValidator } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'

/**
 * Makes a job known to the whole quorum ahead of its first epoch, whose acknowledgements have little time. Whoever
 * cannot be reached now is told when it asks.
 */
export async function introduceJob(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const { log, quorum } = context
  const tell = async (validator: Address): Promise<void> => {
    try {
      await introduceTo(context, validator, orderId, signal)
    } catch (error) {
      log.debug({ validator, code: isMarketError(error) ? error.code : 'internal' }, 'introduction.missed')
    }
  }
  await Promise.all(quorum.members.map(tell))
  signal.throwIfAborted()
}

/** Makes a job known to one validator. */
export async function introduceTo(
  context: Context,
  validator: Address,
  orderId: OrderId,
  signal: AbortSignal,
): Promise<void> {
  const job = context.store.job(orderId)
  if (job === undefined) return
  const message = { type: 'introduce' as const, terms: job.terms, spec: job.spec }
  await askValidator(context, validator, { message, expected: ['known'], deadlineMs: limits.validatorReplyMs }, signal)
}
