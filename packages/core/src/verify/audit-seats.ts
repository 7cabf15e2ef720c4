import {
  deriveRandomness,
  drawSeats,
  type Address,
  type BeaconValue,
  type Commitment,
  type EpochProposal,
} from '@assay/protocol'
import { verificationPolicy } from './policy.ts'

export interface AuditSeatsInput {
  readonly proposal: Pick<EpochProposal, 'root' | 'seats' | 'aggregator' | 'related'>
  /** The verified value of the seed round. */
  readonly beacon: BeaconValue
  readonly commitment: Commitment
  /** 0 is the single audit, 1 the panel. */
  readonly round: number
  readonly provider: Address
  readonly client: Address
  /** Signers of audit commits in earlier rounds: nobody sits twice. */
  readonly earlier: readonly Address[]
}
export interface AuditSeats {
  /** Whom to ask, in drawing order: one for round 0, three for a panel; fewer when the quorum is too small. */
  readonly seats: readonly Address[]
  /** Whom to ask next, in this order, when one of those does not answer. */
  readonly alternates: readonly Address[]
}

/** Who audits a commit. Provider, client and aggregator never sit, nor does whoever the epoch lists as related to one. */
export function auditSeats(input: AuditSeatsInput): AuditSeats {
  const { proposal, beacon, commitment, round, provider, client, earlier } = input
  const seed = { randomness: deriveRandomness(beacon), root: proposal.root, commitment }
  const parties = new Set([provider, client, proposal.aggregator])
  const related = (proposal.related ?? []).flatMap(({ validator, party }) => (parties.has(party) ? [validator] : []))
  const exclude = new Set([...parties, ...related, ...earlier])
  const drawn = drawSeats(seed, round, proposal.seats, exclude)
  const count = round === 0 ? verificationPolicy.auditSeats : verificationPolicy.panelSeats
  return { seats: drawn.slice(0, count), alternates: drawn.slice(count, count + verificationPolicy.alternates) }
}
