/**
 * Which test files to run first over a mutant: a kill ends the run, so a good guess saves the rest. The guess is what killed
 * its neighbours, in this run and in the one that `killers.json` remembers, then which files mention the function and the
 * errors and events of its line. A wrong guess costs time and nothing else.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Mutant } from './list-mutants.ts'

/** How often a file killed, by what the mutants have in common. */
export type Kills = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Random actions notice most mutants within seconds: a good first guess where nothing better is known. */
const GOOD_GUESS = 'differential.test.ts'

export interface TestOrder {
  readonly noteKill: (mutant: Mutant, file: string) => void
  /** All files, the likeliest killers first. */
  readonly orderFor: (mutant: Mutant) => string[]
  /** Everything noted, to be given to the next run. */
  readonly kills: () => Kills
}

/** Reads `killers.json`. Throws if it is something else. */
export function parseKills(json: string): Kills {
  const value: unknown = JSON.parse(json)
  if (!isKills(value)) throw new TypeError('killers.json does not hold counts of kills')
  return value
}

/** `remembered` may name files that are gone. */
export function createTestOrder(folder: string, files: readonly string[], remembered: Kills): TestOrder {
  const texts = new Map(files.map((name) => [name, readFileSync(join(folder, 'test', name), 'utf8')]))
  const noted = new Map<string, Map<string, number>>()
  const count = (scope: string, file: string): number =>
    (noted.get(scope)?.get(file) ?? 0) + (remembered[scope]?.[file] ?? 0)
  const score = (mutant: Mutant, file: string): number => {
    const [nearest = '', near = '', far = ''] = scopesOf(mutant)
    const mentions = wordsOf(mutant).filter((word) => texts.get(file)?.includes(word) === true).length
    const guess = file === GOOD_GUESS ? 25 : mentions * 10
    return (
      Math.min(count(nearest, file), 9) * 1000 +
      Math.min(count(near, file), 9) * 100 +
      guess +
      Math.min(count(far, file), 9)
    )
  }
  return {
    noteKill(mutant, file) {
      for (const scope of scopesOf(mutant)) {
        const counts = noted.get(scope) ?? new Map<string, number>()
        noted.set(scope, counts.set(file, (counts.get(file) ?? 0) + 1))
      }
    },
    orderFor: (mutant) => {
      const scores = new Map(files.map((file) => [file, score(mutant, file)]))
      return files.toSorted((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0))
    },
    kills: () =>
      Object.fromEntries(
        [...noted.keys()].toSorted().map((scope) => [scope, Object.fromEntries(noted.get(scope) ?? [])]),
      ),
  }
}

/** Same operator in the same function, same function, same operator in the same file. */
function scopesOf({ file, where, operator }: Mutant): string[] {
  return [`${where} ${operator}`, where, `${file} ${operator}`]
}

/** The function, and what looks like an error, an event or a constant. */
function wordsOf({ where, key }: Mutant): string[] {
  return [where.split('.').at(-1) ?? '', ...(key.match(/\b[A-Z]\w{4,}\b/g) ?? [])].filter((word) => word.length > 3)
}

function isKills(value: unknown): value is Kills {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).every(
    (counts: unknown) =>
      typeof counts === 'object' &&
      counts !== null &&
      Object.values(counts).every((count) => typeof count === 'number'),
  )
}
