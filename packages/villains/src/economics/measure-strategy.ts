import { assertBug } from '@assay/protocol'
import { simLimits } from '../limits.ts'
import { playClient } from './play-client.ts'
import { playProvider, type SimMarket } from './play-provider.ts'
import { playValidator } from './play-validator.ts'
import { createRandom, type Random } from './random.ts'
import { createTally, exceeds, type Estimate } from './statistics.ts'
import type { Career, Player, Strategy, StrategyParameters } from './strategy.ts'

/** How much to simulate. */
export interface Effort {
  readonly seed: number
  /** Epochs at least, unless that takes fewer than `leastCareers` careers. */
  readonly epochs: number
  /** Awaited every now and then: lets others run, and throws to stop. */
  readonly pause?: () => Promise<void>
}

export interface Measurement {
  readonly strategy: string
  readonly rule: string
  readonly parameters: StrategyParameters
  /** Mean gain of one career over honesty, USDC. */
  readonly gainOverHonest: number
  /** Standard error of that mean, USDC. */
  readonly standardError: number
  /** Whether the gain is above nothing by more than three standard errors. */
  readonly profits: boolean
  readonly careers: number
  readonly epochs: number
  /** Mean shards of a career, or audits of a validator. */
  readonly unitsPerCareer: number
  readonly convictionsPerCareer: number
  /** Mean dishonest acts of a career; 0 means that the variant never came to its attack. */
  readonly attacksPerCareer: number
  readonly slashedPerCareer: number
}

/** Plays one variant for as many careers as the effort asks for. */
export async function measureVariant(
  strategy: Strategy,
  parameters: StrategyParameters,
  market: SimMarket,
  effort: Effort,
): Promise<Measurement> {
  const random = createRandom(effort.seed, `${strategy.name} market`)
  const own = createRandom(effort.seed, `${strategy.name} own`)
  const gain = createTally()
  const sums = { epochs: 0, units: 0, convictions: 0, attacks: 0, slashedUsdc: 0 }
  let [careers, pauseAt] = [0, 0]
  while (sums.epochs < effort.epochs || careers < simLimits.leastCareers) {
    if (sums.epochs >= pauseAt) {
      pauseAt = sums.epochs + epochsBetweenPauses
      await effort.pause?.()
    }
    const career = play(strategy.create(parameters, own), market, random)
    careers += 1
    gain.add(career.gainUsdc / usdcBase)
    sums.epochs += Math.max(1, career.epochs)
    sums.units += career.units
    sums.convictions += career.convictions
    sums.attacks += career.attacks
    sums.slashedUsdc += career.slashedUsdc
  }
  const estimate = gain.estimate()
  return {
    strategy: strategy.name,
    rule: market.rules.name,
    parameters,
    gainOverHonest: estimate.mean,
    standardError: estimate.standardError,
    profits: isProfit(estimate),
    careers,
    epochs: sums.epochs,
    unitsPerCareer: sums.units / careers,
    convictionsPerCareer: sums.convictions / careers,
    attacksPerCareer: sums.attacks / careers,
    slashedPerCareer: sums.slashedUsdc / careers / usdcBase,
  }
}

/**
 * A gain that chance does not explain. A tenth of a base unit a career is no gain: careers that always end alike have no
 * spread at all, and their mean is off by what floating point loses.
 */
const isProfit = (gain: Estimate): boolean => exceeds(gain, 1e-7)

function play(player: Player, market: SimMarket, random: Random): Career {
  if (player.provider !== undefined) return playProvider(player.provider, market, random)
  if (player.validator !== undefined) return playValidator(player.validator, market, random)
  assertBug(player.client !== undefined, 'a player plays somebody')
  return playClient(player.client, market, random)
}

const usdcBase = 1_000_000
/** A few hundredths of a second. */
const epochsBetweenPauses = 2_000
