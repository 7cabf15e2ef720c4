import { randomBytes } from 'node:crypto'
import type { Rng } from '@assay/core'

/** The operating system's cryptographic randomness. */
export const systemRng: Rng = {
  bytes: (size) => new Uint8Array(randomBytes(size)),
}
