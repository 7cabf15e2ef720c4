import { MarketError, type Address } from '@assay/protocol'
import type { VillainName } from '@assay/villains'
import { devnetLimits } from '../limits.ts'
import type { Deeds } from './deeds.ts'
import { findPlay } from './plays.ts'
import type { Stage, VillainRole } from './villain-play.ts'
import { createWhispers } from './whispers.ts'

/** One operator, or client, of a villain, with whatever it needs to play. */
export interface Player<A> {
  readonly villain: VillainName
  readonly role: VillainRole
  /** Whose key it signs with: the market's aggregator when it plays that. */
  readonly actor: A
  readonly stage: Stage
}
export interface CastOptions<A> {
  readonly seed: string
  /** Makes the actor of a name. */
  readonly actorOf: (name: string) => A
  readonly aggregator: A
  readonly deeds: Deeds
}

/**
 * Gives every part of the named villains to an actor. The same name twice is two villains.
 * Throws `config-invalid` for a name that nothing plays, and past 32 villains.
 */
export function castVillains<A extends { readonly address: Address }>(
  names: readonly string[],
  { seed, actorOf, aggregator, deeds }: CastOptions<A>,
): readonly Player<A>[] {
  const { villains: most } = devnetLimits
  if (names.length > most)
    throw new MarketError('config-invalid', `at most ${most} villains fit one devnet`, {
      details: { villains: names.length, most },
    })
  const troupe = names.map((text, at) => {
    const { name, play } = findPlay(text)
    const nth = names.slice(0, at + 1).filter((other) => other === text).length
    const parts = play.map((role, part) => ({
      role,
      actor: role.party === 'aggregator' ? aggregator : actorOf(`${name}-${nth}-${part + 1}`),
    }))
    return { name, nth, parts }
  })
  const accomplices = troupe.flatMap(({ parts }) => parts.map(({ actor }) => actor.address))
  return troupe.flatMap(({ name, nth, parts }) => {
    const stage: Stage = {
      villain: name,
      seed: `${seed}/${name}-${nth}`,
      own: parts.map(({ actor }) => actor.address),
      accomplices,
      whispers: createWhispers(),
      note: (deed) => deeds.note({ ...deed, villain: name }),
    }
    return parts.map(({ role, actor }) => ({ villain: name, role, actor, stage }))
  })
}
