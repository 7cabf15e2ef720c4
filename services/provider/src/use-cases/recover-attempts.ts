import { after, MarketError, unixMs } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { inputsOwner } from './fetch-inputs.ts'
import { failAttempt } from './move-attempt.ts'
import { sealedOwner } from './seal-attempt.ts'

/**
 * What a start makes of the attempts it finds: a run that was cut short has failed; a sealed result whose commit is
 * durable is delivered after all. Committed ones need nothing: they are resumed and opened from the store.
 */
export async function recoverAttempts(context: ProviderContext): Promise<void> {
  const { store, blobs, board, start, clock } = context
  for (const row of store.inStates(['leased', 'preparing', 'executing', 'sealing'])) {
    failAttempt(context, row.lease, new MarketError('attempt-engine-fault', 'the provider restarted during the run'))
    await blobs.release(inputsOwner(row))
    await blobs.release(sealedOwner(row))
  }
  for (const row of store.inStates(['delivering'])) {
    const possible = clock.now() < row.commitByMs && row.sealed !== undefined && (await blobs.has(row.sealed.root))
    if (possible && board.reserve(row.lease)) start(row.lease)
    else
      failAttempt(
        context,
        row.lease,
        new MarketError('attempt-timeout', 'the provider restarted before the result was delivered'),
      )
  }
}

/** Forgets what no one can ask for any more: the order became refundable long ago, so no audit can matter. */
export async function forgetAttempts({ store, blobs, clock, log }: ProviderContext): Promise<void> {
  const old = store.forgetBefore(unixMs(Math.max(0, after(clock.now(), -providerLimits.keepAttemptMs))))
  for (const lease of old) {
    await blobs.release(inputsOwner({ lease }))
    await blobs.release(sealedOwner({ lease }))
  }
  if (old.length > 0) log.info({ attempts: old.length }, 'attempts.forgotten')
}
