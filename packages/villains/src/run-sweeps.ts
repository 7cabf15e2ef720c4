import type { Conditions } from './economics/conditions.ts'
import { measureAging } from './economics/measure-aging.ts'
import { measurePanels } from './economics/measure-panels.ts'
import type { Effort, Measurement } from './economics/measure-strategy.ts'
import { withSafetyFactor, type RuleName, type Rules } from './economics/rules.ts'
import { searchStrategy } from './economics/search-strategy.ts'
import type { Strategy, StrategyParameters } from './economics/strategy.ts'
import type { Sweep, SweepPoint, SweepSeries } from './economics/sweep.ts'
import { strategies } from './strategies.ts'

/** Everything that is swept, each with its effort for every point. `onStep` hears the name of each before it runs. */
export async function runSweeps(effort: Effort, onStep: (name: string) => void): Promise<readonly Sweep[]> {
  const sweeps: Sweep[] = []
  for (const [name, sweep] of Object.entries(plans)) {
    onStep(name)
    sweeps.push({ name, ...(await sweep(effort)) })
  }
  return sweeps
}

const plans: Readonly<Record<string, (effort: Effort) => Promise<Omit<Sweep, 'name'>>>> = {
  collusion: async (effort) => ({
    title: 'One fake against colluding validators',
    xLabel: 'colluding share of the seats, %',
    yLabel: 'gain over honesty, USDC a fake',
    xScale: 'linear',
    series: await costs((costUsdc) =>
      each(percents(40, 5), (share) => oneFake({ costUsdc, collusion: share / 100 }), effort),
    ),
  }),
  stake: async (effort) => ({
    title: 'One fake, and one with a bribe, against stake',
    xLabel: 'stake, USDC (price 1 USDC)',
    yLabel: 'gain over honesty, USDC a fake',
    xScale: 'log',
    series: [
      {
        name: 'fake',
        kind: 'points',
        points: await each(stakes, (stake) => oneFake({ stakeUsdc: stake * usdcBase }), effort),
      },
      {
        name: 'fake, everybody bribable',
        kind: 'points',
        points: await each(stakes, (stake) => oneBribe({ stakeUsdc: stake * usdcBase }), effort),
      },
      {
        name: 'the same with 1 % ringers',
        kind: 'points',
        points: await each(stakes, (stake) => oneBribe({ stakeUsdc: stake * usdcBase, providerRingers: 0.01 }), effort),
      },
    ],
  }),
  price: async (effort) => ({
    title: 'One fake against the price, at a stake of 50 USDC',
    xLabel: 'price of a shard, USDC',
    yLabel: 'gain over honesty, prices a fake',
    xScale: 'log',
    series: await costs((costUsdc) =>
      each(
        [0.01, 0.1, 0.5, 1, 2, 5, 10, 25],
        (price) => ({
          ...oneFake({ priceUsdc: price * usdcBase, costUsdc: Math.round(price * costUsdc) }),
          unit: price,
        }),
        effort,
      ),
    ),
  }),
  'safety-factor': async (effort) => ({
    title: 'One fake against the safety factor',
    xLabel: 'safety factor σ',
    yLabel: 'gain over honesty, USDC a fake',
    xScale: 'linear',
    series: await costs((costUsdc) =>
      each(
        [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3],
        (factor) => ({ ...oneFake({ costUsdc }), faults: withSafetyFactor(factor) }),
        effort,
      ),
    ),
  }),
  burst: async (effort) => ({
    title: 'Many fakes in one window, one stake of 50 USDC',
    xLabel: 'fakes in the window',
    yLabel: 'gain over honesty, USDC a window',
    xScale: 'log',
    series: [
      await bursts('contagion and exposure cap (ours)', {}, effort),
      await bursts('contagion, no cap', { room: unbounded }, effort),
      await bursts('neither', { room: unbounded, contagion: false }, effort),
    ],
  }),
  aggregators: async (effort) => ({
    title: 'A burst over several aggregators at once: exposure is bounded at each alone',
    xLabel: 'aggregators',
    yLabel: 'gain over honesty, USDC a burst',
    xScale: 'log',
    series: await costs((costUsdc) =>
      each(
        [1, 2, 3, 4, 6, 8, 16],
        (aggregators) => ({
          strategy: strategies.burst,
          parameters: { passes: 0, fakes: 256 },
          conditions: { ...steady, costUsdc, aggregators },
          perCareer: true,
        }),
        effort,
      ),
    ),
  }),
  'build-then-burn': async (effort) => ({
    title: 'Build trust, then burn it: ours and the control',
    xLabel: 'audited passes before the burning',
    yLabel: 'gain over honesty, USDC a career',
    xScale: 'linear',
    series: [await burning('ours', effort), await burning('boinc', effort)],
  }),
  panels: async ({ epochs, seed }) => ({
    title: 'Panels in the hands of a coalition',
    xLabel: 'colluding share of the seats, %',
    yLabel: 'captured panels, %',
    xScale: 'linear',
    series: [3, 7, 15, 31].flatMap((seats) => panelSeries(seats, { panels: epochs, seed })),
  }),
  newcomer: async ({ epochs, seed }) => ({
    title: 'Audits of an honest provider from its first shard on, and two-way replication',
    xLabel: 'shards done before',
    yLabel: 'extra runs, % of the shards',
    xScale: 'log',
    series: [
      { name: 'ours', kind: 'points', points: measureAging({ providers: Math.ceil(epochs / 100), seed }) },
      {
        name: 'two-way replication',
        kind: 'line',
        points: [
          { x: 1, y: 100, standardError: 0 },
          { x: 10_000, y: 100, standardError: 0 },
        ],
      },
    ],
  }),
}

interface Point {
  readonly strategy: Strategy
  readonly parameters: StrategyParameters
  readonly conditions: Partial<Conditions>
  readonly faults?: Partial<Rules>
  readonly rule?: RuleName
  /** The gain of a whole career instead of that of one attack. */
  readonly perCareer?: boolean
  /** What the gain is a multiple of, USDC; 1 unless given. */
  readonly unit?: number
}

async function each(
  xs: readonly number[],
  pointOf: (x: number) => Point,
  effort: Effort,
): Promise<readonly SweepPoint[]> {
  const points: SweepPoint[] = []
  for (const x of xs) {
    const { strategy, parameters, conditions, faults, rule = 'ours', perCareer = false, unit = 1 } = pointOf(x)
    const input = {
      strategy,
      parameters,
      conditions,
      rule,
      search: 'best',
      ...(faults !== undefined && { faults }),
    } as const
    const measured: Measurement = await searchStrategy(input, effort)
    const scale = unit * (perCareer ? 1 : measured.attacksPerCareer)
    points.push({ x, y: measured.gainOverHonest / scale, standardError: measured.standardError / scale })
  }
  return points
}

const usdcBase = 1_000_000
const stakes: readonly number[] = [2, 3, 5, 10, 20, 50, 100, 200, 300, 500]
const steady: Partial<Conditions> = { passesAtStart: 1_000_000 }
const percents = (most: number, step: number): readonly number[] =>
  Array.from({ length: most / step + 1 }, (_, at) => at * step)
const unbounded = (): number => 1_000 * usdcBase

/** A single fake by a provider that has long left its probation. */
const oneFake = (conditions: Partial<Conditions>): Point => ({
  strategy: strategies.burst,
  parameters: { passes: 0, fakes: 1 },
  conditions: { ...steady, ...conditions },
})

const oneBribe = (conditions: Partial<Conditions>): Point => ({
  strategy: strategies.briber,
  parameters: { bribe: conditions.providerRingers === undefined ? 0.36 : 0.45, passes: 0, fakes: 1 },
  conditions: { ...steady, ...conditions },
})

async function costs(pointsOf: (costUsdc: number) => Promise<readonly SweepPoint[]>): Promise<readonly SweepSeries[]> {
  const series: SweepSeries[] = []
  for (const share of [0.7, 1])
    series.push({
      name: `work costs ${share * 100} % of the price`,
      kind: 'points',
      points: await pointsOf(share * usdcBase),
    })
  return series
}

const bursts = async (name: string, faults: Partial<Rules>, effort: Effort): Promise<SweepSeries> => ({
  name,
  kind: 'points',
  points: await each(
    [1, 2, 5, 10, 25, 50, 100, 200],
    (fakes) => ({
      strategy: strategies.burst,
      parameters: { passes: 0, fakes },
      conditions: steady,
      faults,
      perCareer: true,
    }),
    effort,
  ),
})

const burning = async (rule: RuleName, effort: Effort): Promise<SweepSeries> => ({
  name: rule,
  kind: 'points',
  points: await each(
    [10, 20, 40, 60, 80, 100, 120],
    (passes) => ({
      strategy: strategies['build-then-burn'],
      parameters: { passes, fakes: 25 },
      conditions: {},
      rule,
      perCareer: true,
    }),
    effort,
  ),
})

function panelSeries(
  seats: number,
  effort: { readonly panels: number; readonly seed: number },
): readonly SweepSeries[] {
  const measured = measurePanels(
    [seats],
    percents(40, 5).map((share) => share / 100),
    effort,
  )
  const points = (of: (one: (typeof measured)[number]) => readonly [y: number, error: number]): readonly SweepPoint[] =>
    measured.map((one) => {
      const [y, error] = of(one)
      return { x: one.collusion * 100, y: y * 100, standardError: error * 100 }
    })
  return [
    {
      name: `${seats} seats`,
      kind: 'points',
      points: points((one) => [one.measured.mean, one.measured.standardError]),
    },
    { name: `${seats} seats, binomial`, kind: 'line', points: points((one) => [one.exact, 0]) },
  ]
}
