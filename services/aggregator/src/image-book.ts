import type { Clock } from '@assay/core'
import { after, imageDigest, unixMs, type Address, type UnixMs } from '@assay/protocol'
import { aggregatorLimits as limits } from './limits.ts'

/** Who said that it can run which image; in memory only, since asking again is cheap. */
export interface ImageBook {
  /** Whether a provider said that it can run the image. */
  holds(provider: Address, image: string): boolean
  mark(provider: Address, image: string, holds: boolean): void
  /** Notes that everybody is being asked now. */
  asked(image: string): void
  /** Whether one of these has not answered yet, and asking again is due. */
  isDue(providers: readonly Address[], image: string): boolean
}

export function createImageBook(clock: Clock): ImageBook {
  const answers = new Map<string, Map<Address, boolean>>()
  const lastAsked = new Map<string, UnixMs>()
  return {
    holds: (provider, image) => answers.get(imageDigest(image))?.get(provider) === true,
    mark(provider, image, holds) {
      const known = answers.get(imageDigest(image)) ?? new Map<Address, boolean>()
      answers.set(imageDigest(image), known.set(provider, holds))
    },
    asked: (image) => void lastAsked.set(imageDigest(image), clock.now()),
    isDue(providers, image) {
      if (clock.now() < after(lastAsked.get(imageDigest(image)) ?? unixMs(0), limits.discoveryMs)) return false
      const known = answers.get(imageDigest(image))
      return providers.some((provider) => known?.has(provider) !== true)
    },
  }
}
