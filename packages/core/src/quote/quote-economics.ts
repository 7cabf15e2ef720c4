/** What verification buys at a quoted rate: how soon a cheat is caught, what it loses then, what the audits cost. */
import {
  addUsdc,
  limits,
  portionUp,
  ppm,
  ppmPortionUp,
  timesUsdc,
  usdc,
  type BasisPoints,
  type JobSpec,
  type Ppm,
  type UsdcBase,
} from '@assay/protocol'
import { verificationPolicy } from '../verify/policy.ts'
import { slashAmount } from '../verify/slash-amount.ts'

/** Providers of one stake and one audit rate. */
export interface RateBand {
  readonly stakeUsdc: UsdcBase
  readonly ratePpm: Ppm
  readonly providers: number
}
/** What a provider of one band has to expect when it fakes results instead of working. */
export interface CheatOutlook extends RateBand {
  /** Shards that a steady cheat fakes on average until it is convicted: 1/(p·d). */
  readonly meanShards: number
  /** Shards after which 95 of 100 steady cheats are convicted. */
  readonly shards95: number
  /** Most that one fake saves: the whole price. */
  readonly gainUsdc: UsdcBase
  /** What a conviction costs: the slash, and the price of the shard. */
  readonly loseUsdc: UsdcBase
  /** Expected gain of one fake over honest work, in base units, rounded up: below zero, or cheating pays. */
  readonly expectedGainUsdc: bigint
}
export interface QuoteEconomics {
  /** By stake, ascending. Empty for class DX, which nobody audits. */
  readonly outlooks: readonly CheatOutlook[]
  /** What audits cost on average at the lowest and at the highest rate of the bands, the fee on them included, budget at most. */
  readonly auditsMinUsdc: UsdcBase
  readonly auditsMaxUsdc: UsdcBase
  /** The same as a share of what the shards cost. */
  readonly surchargeMinPpm: Ppm
  readonly surchargeMaxPpm: Ppm
}

/** Groups providers by stake and rate, ascending; of more groups than a quote holds the outer ones stay. */
export function groupBands(providers: readonly Pick<RateBand, 'stakeUsdc' | 'ratePpm'>[]): readonly RateBand[] {
  const groups = Map.groupBy(providers, ({ stakeUsdc, ratePpm }) => `${stakeUsdc}/${ratePpm}`)
  const bands = [...groups.values()]
    .flatMap((group) =>
      group.slice(0, 1).map(({ stakeUsdc, ratePpm }) => ({ stakeUsdc, ratePpm, providers: group.length })),
    )
    .toSorted(byStake)
  const half = limits.quoteBands / 2
  return bands.length <= limits.quoteBands ? bands : [...bands.slice(0, half), ...bands.slice(-half)]
}

const byStake = (a: RateBand, b: RateBand): number =>
  a.stakeUsdc === b.stakeUsdc ? a.ratePpm - b.ratePpm : a.stakeUsdc < b.stakeUsdc ? -1 : 1

type Priced = Pick<JobSpec, 'priceUsdc' | 'auditFeeUsdc' | 'auditBudgetUsdc' | 'determinism' | 'shards'>

/** Works through the bands of a quote. Slashes assume a certified job: without a certificate a wrong result costs the price alone. */
export function quoteEconomics(spec: Priced, feeBps: BasisPoints, bands: readonly RateBand[]): QuoteEconomics {
  const none = { outlooks: [], auditsMinUsdc: usdc(0n), auditsMaxUsdc: usdc(0n) }
  if (spec.determinism === 'DX' || bands.length === 0)
    return { ...none, surchargeMinPpm: ppm(0), surchargeMaxPpm: ppm(0) }
  const rates = bands.map(({ ratePpm }) => ratePpm)
  const low = auditCost(spec, feeBps, ppm(Math.min(...rates)))
  const high = auditCost(spec, feeBps, ppm(Math.max(...rates)))
  const shardsUsdc = timesUsdc(spec.priceUsdc, spec.shards.length)
  const share = (cost: UsdcBase): Ppm => ppm(Number((cost * 1_000_000n) / (shardsUsdc === 0n ? 1n : shardsUsdc)))
  return {
    outlooks: bands.toSorted(byStake).map((band) => cheatOutlook(spec, band)),
    auditsMinUsdc: low,
    auditsMaxUsdc: high,
    surchargeMinPpm: share(low),
    surchargeMaxPpm: share(high),
  }
}

/** The outlook of one band at price P: E1 of the economics, with c = P, the worst case. */
export function cheatOutlook(
  { priceUsdc, determinism }: Pick<Priced, 'priceUsdc' | 'determinism'>,
  band: RateBand,
): CheatOutlook {
  const { catchPpm, falseConvictionPpm } = verificationPolicy
  const { ratePpm, stakeUsdc } = band
  const caught = (ratePpm / 1e6) * (Number(catchPpm) / 1e6)
  const slash = slashAmount({ priceUsdc, stakeUsdc, ratePpm, determinism })
  const loseUsdc = addUsdc(slash, priceUsdc)
  const lossTimes = BigInt(ratePpm) * (catchPpm - falseConvictionPpm) * loseUsdc
  return {
    ...band,
    meanShards: caught > 0 ? 1 / caught : Number.POSITIVE_INFINITY,
    shards95: caught > 0 ? Math.ceil(Math.log(0.05) / Math.log1p(-caught)) : Number.POSITIVE_INFINITY,
    gainUsdc: priceUsdc,
    loseUsdc,
    expectedGainUsdc: priceUsdc - lossTimes / 1_000_000_000_000n,
  }
}

function auditCost({ auditBudgetUsdc, auditFeeUsdc, shards }: Priced, feeBps: BasisPoints, rate: Ppm): UsdcBase {
  const mean = ppmPortionUp(timesUsdc(auditFeeUsdc, shards.length), rate)
  const fees = mean < auditBudgetUsdc ? mean : auditBudgetUsdc
  return addUsdc(fees, portionUp(fees, feeBps))
}
