/** Chance that a seed replays. Not for secrets. */
import type { Rng } from '@assay/core'

/** A deterministic `Rng` with the few draws that tests and simulations need. */
export interface SeededRng extends Rng {
  /** The seed, to print when a run fails. */
  readonly seed: string
  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number
  /** True with probability `p`. */
  chance(p: number): boolean
  /** One of the items; throws on an empty list. */
  pick<T>(items: readonly T[]): T
  /** An independent stream that depends only on this seed and the label, not on how much was drawn. */
  fork(label: string): SeededRng
}

/**
 * Equal seeds give equal draws on every machine. The generator is xoshiro128**, seeded by
 * splitmix32 over an FNV-1a hash of the text (Blackman and Vigna, "Scrambled Linear PRNGs", 2018).
 */
export function createSeededRng(seed: string | number): SeededRng {
  const text = String(seed)
  const next = xoshiro(text)
  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`no whole number below ${bound}`)
    const fair = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const word = next()
      if (word < fair) return word % bound
    }
  }
  return {
    seed: text,
    below,
    bytes: (size) => Uint8Array.from({ length: size }, () => next() >>> 24),
    chance: (p) => next() / 2 ** 32 < p,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
    fork: (label) => createSeededRng(`${text}/${label}`),
  }
}

function xoshiro(text: string): () => number {
  const nextSeed = splitmix(fnv1a(text))
  let [a, b, c, d] = [nextSeed(), nextSeed(), nextSeed(), nextSeed()]
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
}

function splitmix(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))
