import type { Estimate, OpenQuestionRow, SimulationReport, SimulationRow } from '@assay/villains'
import { formatTable } from '../table.ts'

/** A report for a person: every strategy, what the market costs, and what lies outside the limits. */
export function describeSimulation(report: SimulationReport): readonly string[] {
  const { rows, market, openQuestions } = report
  return [
    ...formatTable(
      ['strategy', 'rule', 'gain over honesty, USDC a career', 'verdict', 'best parameters'],
      rows.map(cells),
    ),
    ...(market === undefined ? [] : ['', ...describeMarket(market)]),
    ...(openQuestions === undefined
      ? []
      : ['', 'outside the stated limits:', ...openQuestions.flatMap(describeQuestion)]),
  ]
}

const cells = (row: SimulationRow): readonly string[] => [
  row.strategy,
  row.rule,
  `${row.gainOverHonest.toFixed(3).padStart(12)} ± ${row.standardError.toFixed(3)}`,
  row.verdict,
  Object.entries(row.parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
]

function describeMarket({ overhead, falseSlash, caught, grinding }: NonNullable<SimulationReport['market']>) {
  return [
    `verification: ${percent(overhead.ours)} of the price; two-way replication ${percent(overhead.replication)}`,
    `a sampled fake is convicted in ${percent(caught.measured)} of the cases (formula ${(caught.expected * 100).toFixed(2)} %)`,
    `an honest provider with ${falseSlash.bitFlip} wrong runs loses ${percent(falseSlash.loss)} of its revenue (formula ${(falseSlash.expectedLoss * 100).toFixed(3)} %)`,
    ...grinding.map(
      ({ ground, ratePpm, sampled }) =>
        `grinding ${ground}, ${sampled.count} tries: ${percent(sampled)} sampled at a rate of ${(ratePpm / 10_000).toFixed(4)} %`,
    ),
  ]
}

const percent = ({ mean, standardError }: Estimate): string =>
  `${(mean * 100).toFixed(3)} ± ${(standardError * 100).toFixed(3)} %`

const gain = ({ gainOverHonest, standardError, verdict }: SimulationRow): string =>
  `${gainOverHonest.toFixed(3)} ± ${standardError.toFixed(3)} (${verdict})`

const describeQuestion = ({ name, question, asBuilt, remedy }: OpenQuestionRow): readonly string[] => [
  `  ${name}: ${gain(asBuilt)}`,
  `    ${question}`,
  ...(remedy === undefined ? [] : [`    if ${remedy.change}: ${gain(remedy.row)}`]),
]
