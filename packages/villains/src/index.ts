/** Villains: what they do, what it gains them, and the simulator that measures it. */
export { villains, type Villain, type VillainFate, type VillainName, type VillainParty } from './catalogue.ts'
export { drawChart } from './draw-chart.ts'
export { referenceConditions, type Conditions } from './economics/conditions.ts'
export { measureAging } from './economics/measure-aging.ts'
export { measureFalseSlash, type FalseSlash } from './economics/measure-false-slash.ts'
export { measureGrinding, type Grinding, type GrindingEffort, type Ground } from './economics/measure-grinding.ts'
export { measureOverhead, type Overhead } from './economics/measure-overhead.ts'
export { measureCatch, measurePanels, type PanelCapture } from './economics/measure-panels.ts'
export type { Effort, Measurement } from './economics/measure-strategy.ts'
export { createRandom, type Random } from './economics/random.ts'
export { createRules, ruleNames, withSafetyFactor, type RuleName, type Rules } from './economics/rules.ts'
export { listVariants, searchStrategy, type SearchInput } from './economics/search-strategy.ts'
export { captured, createTally, type Estimate, type Tally } from './economics/statistics.ts'
export type {
  AggregatorMoves,
  ClientMoves,
  Player,
  ProviderMoves,
  ProviderView,
  SeatMove,
  SeatView,
  ShardMove,
  Strategy,
  StrategyParameters,
  ValidatorMoves,
} from './economics/strategy.ts'
export type { Sweep, SweepPoint, SweepSeries } from './economics/sweep.ts'
export { contractMoney, simLimits } from './limits.ts'
export { openQuestions, type OpenQuestion } from './open-questions.ts'
export {
  runSimulation,
  type OpenQuestionRow,
  type SimulationOptions,
  type SimulationReport,
  type SimulationRow,
} from './run-simulation.ts'
export { runSweeps } from './run-sweeps.ts'
export { strategies } from './strategies.ts'
