/** The facts of a draw and of an audit, from the records or the evidence that hold them. */
import {
  deriveRandomness,
  type Address,
  type Audit,
  type AuditFacts,
  type BeaconValue,
  type DrawFacts,
  type EpochLeaf,
  type EpochProposal,
  type SignedCommit,
} from '@assay/protocol'
import { auditSeats } from '../verify/audit-seats.ts'

export interface Seeding {
  readonly proposal: EpochProposal
  /** Verified value of the seed round. */
  readonly beacon: BeaconValue
}

/** What decided whether a leaf is sampled. */
export function drawFactsOf({ proposal, beacon }: Seeding, { commit, ratePpm }: EpochLeaf): DrawFacts {
  const { shard, attempt, commitment } = commit
  const { root, seedRound } = proposal
  return { shard, attempt, commitment, ratePpm, root, seedRound, randomness: deriveRandomness(beacon) }
}

/** Who was drawn for an audit, who committed and who opened, round by round. */
export function auditFactsOf(
  { proposal, beacon }: Seeding,
  { shard, attempt, provider, commitment }: SignedCommit,
  client: Address,
  audit: Audit & { readonly unopened: boolean },
): AuditFacts {
  const earlier: Address[] = []
  const rounds = audit.rounds.map(({ commits, attestations }, round) => {
    const drawn = auditSeats({ proposal, beacon, commitment, round, provider, client, earlier: [...earlier] })
    const committed = commits.map(({ validator }) => validator)
    earlier.push(...committed)
    return {
      seats: [...drawn.seats],
      alternates: [...drawn.alternates],
      committed,
      opened: attestations.map(({ validator }) => validator),
    }
  })
  return { shard, attempt, reason: audit.reason, unopened: audit.unopened, rounds }
}
