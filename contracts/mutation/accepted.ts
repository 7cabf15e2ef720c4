/** The list of mutants that may survive, each with its reason. */
import type { Mutant } from './list-mutants.ts'

/** Mutants that survive for one and the same reason. */
export interface Acceptance {
  readonly reason: string
  /** Keys, as the report prints them. */
  readonly mutants: readonly string[]
}

/** Reads `accepted.json`. Throws if an entry lacks its reason, names nothing, or a mutant is named twice. */
export function parseAccepted(json: string): Acceptance[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list)) throw new TypeError('accepted.json is not a list')
  const accepted = list.map((entry: unknown) => {
    if (!isAcceptance(entry)) throw new TypeError(`accepted.json: not a reason with mutants: ${JSON.stringify(entry)}`)
    return entry
  })
  const keys = accepted.flatMap(({ mutants }) => mutants)
  const twice = keys.find((key, position) => keys.indexOf(key) !== position)
  if (twice !== undefined) throw new TypeError(`accepted.json names a mutant twice: ${twice}`)
  return accepted
}

/** Accepted mutants that are no longer there: the code changed, so the reason has to be looked at again. */
export function findStale(accepted: readonly Acceptance[], mutants: readonly Mutant[]): string[] {
  const known = new Set(mutants.map(({ key }) => key))
  return accepted.flatMap((entry) => entry.mutants).filter((key) => !known.has(key))
}

function isAcceptance(value: unknown): value is Acceptance {
  if (typeof value !== 'object' || value === null || !('reason' in value) || !('mutants' in value)) return false
  const { reason, mutants } = value
  if (typeof reason !== 'string' || reason.trim().length < 10) return false
  return Array.isArray(mutants) && mutants.length > 0 && mutants.every((key) => typeof key === 'string')
}
