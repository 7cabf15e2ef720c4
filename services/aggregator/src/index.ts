/** The aggregator service. */
export { openAggregator, type Aggregator } from './aggregator.ts'
export type { AggregatorDeps, AggregatorOptions } from './context.ts'
export { serveAggregator, type AggregatorServer } from './http/serve.ts'
export { migrations } from './store/migrations.ts'
export { createAggregatorStore, type AggregatorStore } from './store/open-store.ts'
