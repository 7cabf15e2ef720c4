import { MarketError } from '@assay/protocol'
import { villains, type VillainName } from '@assay/villains'
import { abortWhenSampled } from './abort-when-sampled.ts'
import { auditSkippingAggregator } from './audit-skipping-aggregator.ts'
import { buildThenBurn } from './build-then-burn.ts'
import { burst } from './burst.ts'
import { colludingPair } from './colluding-pair.ts'
import { commitCensoringAggregator } from './commit-censoring-aggregator.ts'
import { commitCopier } from './commit-copier.ts'
import { dataWithholder } from './data-withholder.ts'
import { equivocator } from './equivocator.ts'
import { framingValidators } from './framing-validators.ts'
import { griefingClient } from './griefing-client.ts'
import { intermittent } from './intermittent.ts'
import { junk } from './junk.ts'
import { lazyValidator } from './lazy-validator.ts'
import { lazy } from './lazy.ts'
import { leakingClient } from './leaking-client.ts'
import { lyingValidator } from './lying-validator.ts'
import { seedGrindingAggregator } from './seed-grinding-aggregator.ts'
import { selectiveRevealer } from './selective-revealer.ts'
import { slowLoris } from './slow-loris.ts'
import { steeringAggregator } from './steering-aggregator.ts'
import { sybil } from './sybil.ts'
import type { VillainPlay } from './villain-play.ts'
import { whitewasher } from './whitewasher.ts'

/** Every villain that runs as a process; the others need hardware or bargains, and exist in the simulator alone. */
const plays: Partial<Record<VillainName, VillainPlay>> = {
  junk,
  lazy,
  intermittent,
  burst,
  'build-then-burn': buildThenBurn,
  'commit-copier': commitCopier,
  'abort-when-sampled': abortWhenSampled,
  equivocator,
  sybil,
  whitewasher,
  'slow-loris': slowLoris,
  'data-withholder': dataWithholder,
  'lazy-validator': lazyValidator,
  'lying-validator': lyingValidator,
  'colluding-pair': colludingPair,
  'selective-revealer': selectiveRevealer,
  'framing-validators': framingValidators,
  'griefing-client': griefingClient,
  'leaking-client': leakingClient,
  'steering-aggregator': steeringAggregator,
  'commit-censoring-aggregator': commitCensoringAggregator,
  'seed-grinding-aggregator': seedGrindingAggregator,
  'audit-skipping-aggregator': auditSkippingAggregator,
}

const isVillain = (name: string): name is VillainName => Object.hasOwn(villains, name)

/** Villains that can join a devnet, in the catalogue's order. */
export const playableVillains: readonly VillainName[] = Object.keys(villains)
  .filter(isVillain)
  .filter((name) => plays[name] !== undefined)

/** A villain by its catalogue name. Throws `config-invalid`, with the names that there are, for any other. */
export function findPlay(name: string): { readonly name: VillainName; readonly play: VillainPlay } {
  const play = isVillain(name) ? plays[name] : undefined
  if (isVillain(name) && play !== undefined) return { name, play }
  const why = isVillain(name) ? 'this villain runs in the simulator alone' : 'no villain has this name'
  throw new MarketError('config-invalid', `${why}: ${name}; there are ${playableVillains.join(', ')}`, {
    details: { villain: name, known: playableVillains.join(',') },
  })
}
