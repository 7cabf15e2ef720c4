import { auditSeats, checkAck, checkChallenges, checkSeed, type AuditSeats } from '@assay/core'
import {
  EpochProposal,
  isSampled,
  MarketError,
  openEnvelope,
  type Address,
  type Audit,
  type AuditReason,
  type BeaconValue,
  type Commitment,
  type Envelope,
  type EpochLeaf,
  type Hash32,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import type { OrderRow, ProposalRow } from '../store/records.ts'

/** What an aggregator says of a commit that is to be audited or judged. */
export interface DueClaim {
  readonly commitment: Commitment
  readonly reason: AuditReason
  readonly proposal: Hash32
  readonly acks: readonly Envelope[]
  readonly beacon: BeaconValue
  readonly challenges?: Audit['challenges']
}
/** A commit whose audit is due, with what shows it. */
export interface DueCommit {
  readonly epoch: ProposalRow
  readonly proposal: EpochProposal
  readonly leaf: EpochLeaf
  readonly order: OrderRow
  readonly beacon: BeaconValue
}

/**
 * Checks that the audit of a commit is due: this validator acknowledged the epoch, a threshold did before its seed
 * existed, the seed is the beacon's, and it drew the commit, or a conviction did. Throws `audit-refused`, `beacon-invalid`.
 */
export async function openDueCommit(
  context: ValidatorContext,
  claim: DueClaim,
  from: Address,
  signal: AbortSignal,
): Promise<DueCommit> {
  const { beacon, store } = context
  const epoch = store.proposal(claim.proposal)
  if (epoch === undefined) throw refuse('epoch-unacknowledged')
  const proposal = openEnvelope('epoch/1', EpochProposal, epoch.proposal)
  if (proposal.aggregator !== from) throw refuse('not-its-aggregator')
  const leaf = epoch.leaves.find(({ commit }) => commit.commitment === claim.commitment)
  if (leaf === undefined) throw refuse('commit-unknown')
  const order = store.order(leaf.commit.orderId)
  if (order === undefined) throw refuse('order-unknown')
  await checkAcks(context, proposal, claim, signal)
  const seed = checkSeed(proposal, beacon.info, claim.beacon)
  if (!seed.ok)
    throw new MarketError('beacon-invalid', 'the seed is not the beacon’s', {
      details: { reason: seed.fault, ...seed.details },
    })
  const { commitment, reason, challenges } = claim
  const demanded = checkChallenges(
    { commitment, reason, challenges },
    { market: context.chain.market, client: order.terms.client },
  )
  if (!demanded.ok) throw refuse(demanded.fault, demanded.details)
  const sampled = isSampled({ randomness: seed.randomness, root: proposal.root, commitment }, leaf.ratePpm)
  if (sampled !== (reason === 'sampled')) throw refuse('reason-mismatch', { asked: reason, sampled })
  return { epoch, proposal, leaf, order, beacon: claim.beacon }
}

async function checkAcks(
  context: ValidatorContext,
  proposal: EpochProposal,
  claim: DueClaim,
  signal: AbortSignal,
): Promise<void> {
  const { chain, chainFacts } = context
  const quorum = await chainFacts.quorum(proposal.quorumId, signal)
  if (quorum === undefined) throw refuse('quorum-unknown')
  const against = { market: chain.market, quorum, digest: claim.proposal, seedRound: proposal.seedRound }
  const members = new Set(
    claim.acks.flatMap((ack) => {
      const checked = checkAck(ack, against)
      return checked.ok ? [checked.validator] : []
    }),
  )
  if (members.size < quorum.threshold)
    throw refuse('acks-insufficient', { acks: members.size, threshold: quorum.threshold })
}

/** Who sits in a round of this commit's audit, in drawing order. */
export function seatsOf(
  { proposal, leaf, order, beacon }: DueCommit,
  round: number,
  earlier: readonly Address[],
): AuditSeats {
  const { commitment, provider } = leaf.commit
  return auditSeats({ proposal, beacon, commitment, round, provider, client: order.terms.client, earlier })
}

/** A refusal of an audit, with the reason for the asker. */
export const refuse = (
  reason: string,
  details: Readonly<Record<string, string | number | boolean>> = {},
): MarketError =>
  new MarketError('audit-refused', `the audit is refused: ${reason}`, { details: { reason, ...details } })
