/**
 * Chance for the simulator: seeded, fast, the same on every machine. The generator is sfc32 (Chris Doty-Humphrey, part of
 * PractRand): 128 bits of state, one of them a counter, so no seed has a period below 2^32. It is no cryptography.
 */
export interface Random {
  /** Uniform in [0, 1), in steps of 2^-32. */
  next(): number
  /** True with probability `share`; never for 0, always for 1. */
  chance(share: number): boolean
  /** Whole number from 0 to `bound` - 1. */
  below(bound: number): number
  /** How many of `count` independent trials succeed. */
  successes(count: number, share: number): number
}

/** Streams of equal seed and label are equal; any other pair gives a stream of its own. */
export function createRandom(seed: number, label = ''): Random {
  const mix = createMixer(seed, label)
  let [a, b, c, counter] = [mix(), mix(), mix(), 1]
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  // The author asks for twelve rounds before the first output, so that close seeds part.
  for (let round = 0; round < 12; round++) word()
  const next = (): number => word() / 0x1_0000_0000
  const chance = (share: number): boolean => next() < share
  return {
    next,
    chance,
    below: (bound) => Math.floor(next() * bound),
    successes(count, share) {
      let found = 0
      for (let trial = 0; trial < count; trial++) if (chance(share)) found++
      return found
    },
  }
}

/** FNV-1a over the label, then splitmix32 for as many words as are asked for. */
function createMixer(seed: number, label: string): () => number {
  let state = 0x811c9dc5
  const take = (value: number): void => {
    state = Math.imul(state ^ (value & 0xff), 0x01000193)
  }
  // Byte by byte, the seed at a fixed length before the label, so that no two pairs feed it the same.
  for (let byte = 0; byte < 7; byte++) take(Math.floor(seed / 2 ** (8 * byte)))
  for (const character of label) take(character.codePointAt(0) ?? 0)
  return () => {
    state = (state + 0x9e3779b9) | 0
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) | 0
  }
}
