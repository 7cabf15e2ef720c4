import type { CapabilityKey } from '@assay/core'
import { imageDigest, imageKey, roleKey } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'

export interface Announcer {
  /** Publishes the role, so that aggregators find this machine at all. */
  publish(): Promise<void>
  /** Adds an image that is held now; the least recently used ones make room. */
  hold(image: string): void
}

/** Keeps this provider's keys in the DHT. A failed announcement of an image is only logged: adverts do not depend on it. */
export function createAnnouncer(
  { network, chain, log }: Pick<ProviderContext, 'network' | 'chain' | 'log'>,
  closing: AbortSignal,
): Announcer & { readonly idle: () => Promise<void> } {
  const images = new Set<string>()
  let running: Promise<void> = Promise.resolve()
  const keys = (): CapabilityKey[] => [roleKey(chain.market, 'provider'), ...[...images].map(imageKey)]
  return {
    publish: async () => network.announce(keys(), closing),
    hold(image) {
      const digest = imageDigest(image)
      const known = images.delete(digest)
      images.add(digest)
      const [oldest] = images
      if (images.size > providerLimits.announcedImages && oldest !== undefined) images.delete(oldest)
      if (known) return
      running = running
        .then(async () => network.announce(keys(), closing))
        .catch((error: unknown) => {
          if (!closing.aborted) log.debug({ error: String(error) }, 'announcement.failed')
        })
    },
    idle: async () => running,
  }
}
