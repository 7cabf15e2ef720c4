/** Randomness as a dependency: the system's in services, seeded in tests. */
export interface Rng {
  /** `size` fresh random bytes. */
  bytes(size: number): Uint8Array
}
