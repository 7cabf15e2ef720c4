import type { VillainName } from './catalogue.ts'
import type { Strategy } from './economics/strategy.ts'
import { abortWhenSampled } from './strategies/abort-when-sampled.ts'
import { auditSkippingAggregator } from './strategies/audit-skipping-aggregator.ts'
import { briber } from './strategies/briber.ts'
import { buildThenBurn } from './strategies/build-then-burn.ts'
import { burst } from './strategies/burst.ts'
import { colludingPair } from './strategies/colluding-pair.ts'
import { commitCensoringAggregator } from './strategies/commit-censoring-aggregator.ts'
import { commitCopier } from './strategies/commit-copier.ts'
import { dataWithholder } from './strategies/data-withholder.ts'
import { equivocator } from './strategies/equivocator.ts'
import { fakeHardwareClass } from './strategies/fake-hardware-class.ts'
import { framingValidators } from './strategies/framing-validators.ts'
import { griefingClient } from './strategies/griefing-client.ts'
import { intermittent } from './strategies/intermittent.ts'
import { junk } from './strategies/junk.ts'
import { lazy } from './strategies/lazy.ts'
import { lazyValidator } from './strategies/lazy-validator.ts'
import { leakingClient } from './strategies/leaking-client.ts'
import { lyingValidator } from './strategies/lying-validator.ts'
import { seedGrindingAggregator } from './strategies/seed-grinding-aggregator.ts'
import { selectiveRevealer } from './strategies/selective-revealer.ts'
import { slowLoris } from './strategies/slow-loris.ts'
import { steeringAggregator } from './strategies/steering-aggregator.ts'
import { sybil } from './strategies/sybil.ts'
import { whitewasher } from './strategies/whitewasher.ts'

/** How the simulator plays each villain of the catalogue. */
export const strategies: Readonly<Record<VillainName, Strategy>> = {
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
  'fake-hardware-class': fakeHardwareClass,
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
  briber,
}
