import { assertBug } from '@assay/protocol'
import { referenceConditions, type Conditions } from './conditions.ts'
import { measureVariant, type Effort, type Measurement } from './measure-strategy.ts'
import { createRules, type RuleName, type Rules } from './rules.ts'
import type { Strategy, StrategyParameters } from './strategy.ts'

export interface SearchInput {
  readonly strategy: Strategy
  readonly rule: RuleName
  /** Other than the reference conditions; what the strategy itself is under comes last. */
  readonly conditions?: Partial<Conditions>
  /** Changes of the rules: planted faults, or remedies. */
  readonly faults?: Partial<Rules>
  /** A variant to measure instead of searching. */
  readonly parameters?: StrategyParameters
  /** `grid` tries all variants first; `best` measures the known best one alone. */
  readonly search: 'grid' | 'best'
}

/** Share of the effort that one variant of the grid gets while the best is looked for. */
const scoutShare = 0.1

/**
 * The best variant of a strategy and what it brings. The winner of the grid is measured again on chance of its own:
 * the best of many noisy means looks better than it is.
 */
export async function searchStrategy(input: SearchInput, effort: Effort): Promise<Measurement> {
  const { strategy, rule, search } = input
  const conditions = { ...referenceConditions, ...input.conditions, ...strategy.under }
  const market = { conditions, rules: createRules(rule, conditions, input.faults) }
  const known = input.parameters ?? (search === 'best' ? (strategy.best ?? firstVariant(strategy)) : undefined)
  const variants = known === undefined ? listVariants(strategy) : [known]
  const [first, ...others] = variants
  assertBug(first !== undefined, 'a grid has a variant')
  if (others.length === 0) return measureVariant(strategy, first, market, effort)
  const scout = { ...effort, seed: effort.seed + 1, epochs: Math.ceil(effort.epochs * scoutShare) }
  let best = await measureVariant(strategy, first, market, scout)
  for (const parameters of others) {
    const measured = await measureVariant(strategy, parameters, market, scout)
    if (score(measured) > score(best)) best = measured
  }
  return measureVariant(strategy, best.parameters, market, effort)
}

/** Every combination of the values of a grid. */
export function listVariants({ grid }: Pick<Strategy, 'grid'>): readonly StrategyParameters[] {
  let variants: readonly StrategyParameters[] = [{}]
  for (const [name, values] of Object.entries(grid))
    variants = variants.flatMap((variant) => values.map((value) => ({ ...variant, [name]: value })))
  return variants
}

/** A variant that never comes to its attack loses nothing, and is no attack. */
const score = ({ gainOverHonest, attacksPerCareer }: Measurement): number =>
  attacksPerCareer === 0 ? Number.NEGATIVE_INFINITY : gainOverHonest

const firstVariant = (strategy: Strategy): StrategyParameters => listVariants(strategy)[0] ?? {}
