/** A seeded order, so that a sample can be drawn again. */
import { createHash } from 'node:crypto'

import type { Mutant } from './list-mutants.ts'

/** Orders mutants by the hash of the seed and their key: what a change adds or removes does not move the others. */
export function shuffle(mutants: readonly Mutant[], seed: string): Mutant[] {
  const rank = new Map(
    mutants.map((mutant) => [mutant, createHash('sha256').update(`${seed}\n${mutant.key}`).digest('hex')]),
  )
  return mutants.toSorted((a, b) => ((rank.get(a) ?? '') < (rank.get(b) ?? '') ? -1 : 1))
}
