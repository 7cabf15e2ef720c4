import type { Strategy } from '../economics/strategy.ts'

/** Asks for a settlement without the audits of its friend, who fakes. */
export const auditSkippingAggregator: Strategy = {
  name: 'audit-skipping-aggregator',
  party: 'aggregator',
  grid: { fakes: [1, 25] },
  best: { fakes: 1 },
  expects: 'loss',
  create: ({ fakes = 25 }) => ({
    provider: { shard: ({ at }) => (at < fakes ? 'fake' : 'work'), aggregator: { skipsAudits: true } },
  }),
}
