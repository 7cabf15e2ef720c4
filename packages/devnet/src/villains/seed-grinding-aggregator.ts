import {
  createEnvelope,
  deriveEpochRoot,
  EpochProposal,
  openEnvelope,
  ppm,
  toJson,
  unixMs,
  type Envelope,
  type EpochLeaf,
} from '@assay/protocol'
import type { AggregatorDeps } from '@assay/aggregator'
import { forgeRequest } from './forge-request.ts'
import type { VillainPlay } from './villain-play.ts'

/** The least rate that any epoch may have. */
const floorPpm = ppm(10_000)

/** Proposes what was acknowledged once more, at the least rate, for another draw. */
export const seedGrindingAggregator: VillainPlay = [
  {
    party: 'aggregator',
    disguise: (ports, stage) =>
      forgeRequest(ports, stage, async (honest) => {
        if (honest.type !== 'propose') return undefined
        const leaves = honest.leaves.map((leaf) => ({ ...leaf, ratePpm: floorPpm }))
        return { ...honest, leaves, proposal: await redraw(ports, honest.proposal, leaves) }
      }),
  },
]

async function redraw({ signer }: AggregatorDeps, envelope: Envelope, leaves: readonly EpochLeaf[]): Promise<Envelope> {
  const proposal = openEnvelope('epoch/1', EpochProposal, envelope)
  const root = deriveEpochRoot(leaves)
  return createEnvelope('epoch/1', toJson({ ...proposal, root, closedAtMs: unixMs(proposal.closedAtMs + 1) }), signer)
}
