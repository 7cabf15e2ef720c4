/** Lets many ask for one more round of something. */
export interface Bell {
  readonly ring: () => void
  /** Resolves at the first ring from now on. */
  readonly arm: () => Promise<void>
}

export function createBell(): Bell {
  let pending = Promise.withResolvers<void>()
  return {
    ring: () => pending.resolve(),
    async arm() {
      pending = Promise.withResolvers()
      return pending.promise
    },
  }
}
