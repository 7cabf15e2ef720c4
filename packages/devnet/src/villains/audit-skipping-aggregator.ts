import { forgeRequest } from './forge-request.ts'
import type { VillainPlay } from './villain-play.ts'

/** Asks for settlements that keep quiet about an audit. */
export const auditSkippingAggregator: VillainPlay = [
  {
    party: 'aggregator',
    disguise: (ports, stage) =>
      forgeRequest(ports, stage, async (honest) => {
        if (honest.type !== 'settle') return undefined
        const evidence = honest.evidence.map((job) => ({ ...job, audits: job.audits.slice(1) }))
        return { ...honest, evidence }
      }),
  },
]
