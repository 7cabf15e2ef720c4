import { after, MarketError } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { raceAbort } from '../race-abort.ts'
import { withDeadline } from '../with-deadline.ts'

/**
 * Waits until an image is on the engine. A pull goes on when whoever asked has stopped waiting, so that a later question
 * finds the image here. Throws what `Sandbox.ensureImage` throws, `rate-limited`, and the signal's reason.
 */
export async function findImage(context: ProviderContext, image: string, signal: AbortSignal): Promise<void> {
  const { images } = context
  if (!images.isRunning(image) && images.running() >= providerLimits.imagePulls) {
    throw new MarketError('rate-limited', 'too many images are being looked for', {
      details: { retryAfterMs: providerLimits.imageAnswerMs },
    })
  }
  await raceAbort(
    images.run(image, async () => pull(context, image)),
    signal,
  )
}

async function pull({ announceImage, clock, closing, sandbox }: ProviderContext, image: string): Promise<void> {
  const late = (): Error => new MarketError('image-unknown', 'the image did not arrive in time', { details: { image } })
  const deadline = after(clock.now(), providerLimits.imagePullMs)
  await withDeadline({ clock, signal: closing }, deadline, late, async (inTime) => sandbox.ensureImage(image, inTime))
  announceImage(image)
}
