import {
  deriveRandomness,
  drawSeats,
  type Address,
  type Appeal,
  type Audit,
  type BeaconValue,
  type Commitment,
  type EpochProposal,
  type Seat,
} from '@assay/protocol'
import type { AuditSeats } from './audit-seats.ts'
import { verificationPolicy } from './policy.ts'

export interface AppealSeatsInput {
  readonly proposal: Pick<EpochProposal, 'root' | 'aggregator'>
  /** The verified value of the epoch's seed round. */
  readonly beacon: BeaconValue
  readonly commitment: Commitment
  /** Which appeal, from 1. */
  readonly appeal: number
  /** The quorum of appeal with its stakes at the block of the appeal. */
  readonly seats: readonly Seat[]
  readonly provider: Address
  readonly client: Address
  readonly accused: Address
  /** Who signed an audit commit in the audit or in earlier appeals. */
  readonly earlier: readonly Address[]
}

/**
 * Who hears an appeal: 7, 15 or 31 seats of the bench, fewer when it is small, drawn by the seed of the epoch, so that the
 * appellant chooses nobody. The parties, the accused and everyone who sat before never sit.
 */
export function appealSeats(input: AppealSeatsInput): AuditSeats {
  const { proposal, beacon, commitment, appeal, seats, provider, client, accused, earlier } = input
  const seed = { randomness: deriveRandomness(beacon), root: proposal.root, commitment }
  const exclude = new Set([provider, client, proposal.aggregator, accused, ...earlier])
  const drawn = drawSeats(seed, appealRound(appeal), seats, exclude)
  const count = appealSize(appeal)
  return { seats: drawn.slice(0, count), alternates: drawn.slice(count, count + verificationPolicy.alternates) }
}

/** Seats that an appeal asks for: 7, 15, 31. */
export const appealSize = (appeal: number): number => {
  const sizes: readonly number[] = verificationPolicy.appealSeats
  return sizes[Math.min(Math.max(appeal, 1), sizes.length) - 1]!
}

/** The audit round in which an appeal's results are committed to. */
export const appealRound = (appeal: number): number => 1 + appeal

/** Everyone who committed in the audit or in appeals before: nobody sits twice. */
export const satBefore = (audit: Audit, appeals: readonly Appeal[]): readonly Address[] =>
  [...audit.rounds, ...appeals].flatMap(({ commits }) => commits.map(({ validator }) => validator))
