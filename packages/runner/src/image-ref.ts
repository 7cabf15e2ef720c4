/** Image references: `[name@]sha256:<64 hex>`. */
import type { ImageRef } from '@assay/core'
import { MarketError } from '@assay/protocol'

export interface ParsedImageRef {
  /** Where the image can be pulled from; absent when only the digest is known. */
  readonly name?: string
  readonly digest: string
}

/** Throws `image-unknown` for anything that is not pinned by digest. */
export function parseImageRef(image: ImageRef): ParsedImageRef {
  const found = /^(?:([A-Za-z0-9][A-Za-z0-9._:/-]{0,200})@)?(sha256:[0-9a-f]{64})$/.exec(image)
  const digest = found?.[2]
  if (digest === undefined) {
    throw new MarketError('image-unknown', 'an image is named by its digest: [name@]sha256:<64 hex>', {
      details: { image: image.slice(0, 200) },
    })
  }
  const name = found?.[1]
  return name === undefined ? { digest } : { name, digest }
}
