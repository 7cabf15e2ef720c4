import { pushBlob } from '@assay/blobs'
import { assertBug, type Hash32 } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { retry } from '../retry.ts'
import type { AttemptRow } from '../store/records.ts'
import { moveAttempt } from './move-attempt.ts'
import { sealedOwner } from './seal-attempt.ts'

/** Hands the sealed bytes to the aggregator; only then may the commit be shown, since without them nobody pays. */
export async function deliverResult(context: ProviderContext, attempt: AttemptRow, signal: AbortSignal): Promise<void> {
  const { network, blobs, clock } = context
  const { sealed, aggregatorKey, lease } = attempt
  assertBug(sealed !== undefined, 'a delivering attempt has sealed bytes')
  const { deliverTries: tries, retryMs: pauseMs, retryMaxMs: maxPauseMs } = providerLimits
  await retry({ clock, signal }, { tries, pauseMs, maxPauseMs }, async () =>
    pushBlob(network, aggregatorKey, sealed, lease, blobs, signal),
  )
  moveAttempt(context, lease, { state: 'committed' })
}

/** The aggregator says that it holds commit and sealed bytes. The bytes stay until an epoch holds the commit too. */
export async function acknowledgeDelivery(context: ProviderContext, lease: Hash32): Promise<void> {
  const row = context.store.attempt(lease)
  if (row?.state !== 'committed') return
  moveAttempt(context, lease, { state: 'delivered' })
  if (row.heldAtMs !== undefined) await context.blobs.release(sealedOwner(row))
}
