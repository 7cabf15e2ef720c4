import {
  beaconTimeOf,
  deriveBeaconId,
  deriveCommitDigest,
  deriveEpochRoot,
  deriveProposalDigest,
  EpochAck,
  EpochProposal,
  isMarketError,
  openEnvelope,
  recoverSigner,
  type Address,
  type BeaconInfo,
  type BeaconRound,
  type Envelope,
  type Epoch,
  type Hash32,
  type MarketDomain,
  type QuorumMembers,
} from '@assay/protocol'
import { fault, type Fault } from './fault.ts'

/** What an epoch is judged against; a validator takes it from the chain, a receipt brings its own. */
export interface EpochContext {
  readonly market: MarketDomain
  readonly quorum: QuorumMembers
  readonly beacon: BeaconInfo
}
export interface CheckedEpoch {
  readonly ok: true
  readonly proposal: EpochProposal
  /** What its acknowledgements name. */
  readonly digest: Hash32
  /** Members whose acknowledgements count, in the order given. */
  readonly acknowledgedBy: readonly Address[]
  /** Whether they reach the quorum's threshold: only then does the seed round decide the sample. */
  readonly acknowledged: boolean
}
export type EpochCheck = CheckedEpoch | Fault

/**
 * Checks a closed epoch: the proposal is the aggregator's own, for this market, quorum and beacon; its seats are the
 * quorum; its root covers exactly these leaves; every commit is signed by its provider; every acknowledgement counts.
 * Stakes of the seats and funding of the orders are the caller's to check.
 */
export function checkEpoch(epoch: Epoch, context: EpochContext): EpochCheck {
  const { market, quorum } = context
  const proposal = openProposal(epoch.proposal)
  if ('ok' in proposal) return proposal
  const bad = checkProposal(proposal, epoch.proposal, context) ?? checkLeaves(epoch, proposal, market)
  if (bad !== undefined) return bad
  const digest = deriveProposalDigest(epoch.proposal)
  const acknowledgedBy: Address[] = []
  for (const envelope of epoch.acks) {
    const ack = checkAck(envelope, { market, quorum, digest, seedRound: proposal.seedRound })
    if (!ack.ok) return ack
    if (acknowledgedBy.includes(ack.validator)) return fault('ack-repeated', { validator: ack.validator })
    acknowledgedBy.push(ack.validator)
  }
  return { ok: true, proposal, digest, acknowledgedBy, acknowledged: acknowledgedBy.length >= quorum.threshold }
}

export interface AckContext {
  readonly market: MarketDomain
  readonly quorum: QuorumMembers
  /** Digest of the proposal that is acknowledged. */
  readonly digest: Hash32
  readonly seedRound: BeaconRound
}
export type AckCheck = { readonly ok: true; readonly validator: Address } | Fault

/** Whether one acknowledgement counts: signed by a member, for this proposal, before the seed existed. */
export function checkAck(envelope: Envelope, { market, quorum, digest, seedRound }: AckContext): AckCheck {
  const validator = envelope.signer
  const ack = openAck(envelope)
  if (
    ack === undefined ||
    ack.chainId !== market.chainId ||
    ack.escrow !== market.escrow ||
    ack.proposal !== digest ||
    !quorum.members.includes(validator)
  )
    return fault('ack-invalid', { validator })
  if (ack.seenRound >= seedRound) return fault('ack-late', { validator, seenRound: ack.seenRound, seedRound })
  return { ok: true, validator }
}

function checkProposal(proposal: EpochProposal, envelope: Envelope, context: EpochContext): Fault | undefined {
  const { market, quorum, beacon } = context
  if (envelope.signer !== proposal.aggregator)
    return fault('proposal-signer-mismatch', { signer: envelope.signer, aggregator: proposal.aggregator })
  if (proposal.chainId !== market.chainId || proposal.escrow !== market.escrow)
    return fault('market-mismatch', { chainId: proposal.chainId, escrow: proposal.escrow })
  if (proposal.quorumId !== quorum.id)
    return fault('epoch-quorum-mismatch', { quorumId: proposal.quorumId, expected: quorum.id })
  if (proposal.beaconId !== deriveBeaconId(beacon)) return fault('beacon-mismatch', { beaconId: proposal.beaconId })
  const seats = proposal.seats.map((seat) => seat.validator)
  const members = quorum.members.toSorted()
  if (seats.length !== members.length || seats.some((seat, i) => seat !== members[i]))
    return fault('seats-mismatch', { seats: seats.length, members: members.length })
  if (beaconTimeOf(beacon, proposal.seedRound) <= proposal.closedAtMs)
    return fault('seed-round-published', { seedRound: proposal.seedRound, closedAtMs: proposal.closedAtMs })
  return undefined
}

function checkLeaves(epoch: Epoch, proposal: EpochProposal, market: MarketDomain): Fault | undefined {
  const { leaves } = epoch
  if (leaves.length !== proposal.leafCount)
    return fault('leaf-count-mismatch', { leaves: leaves.length, leafCount: proposal.leafCount })
  for (let i = 1; i < leaves.length; i++)
    if (leaves[i - 1]!.commit.commitment >= leaves[i]!.commit.commitment) return fault('leaves-unsorted', { leaf: i })
  const root = deriveEpochRoot(leaves)
  if (root !== proposal.root) return fault('root-mismatch', { root, proposed: proposal.root })
  for (const { commit } of leaves)
    if (recoverSigner(deriveCommitDigest(market, commit), commit.signature) !== commit.provider)
      return fault('commit-signature-invalid', { commitment: commit.commitment })
  return undefined
}

function openProposal(envelope: Envelope): EpochProposal | Fault {
  try {
    return openEnvelope('epoch/1', EpochProposal, envelope)
  } catch (error) {
    if (!isMarketError(error)) throw error
    return fault('proposal-invalid', { code: error.code })
  }
}

function openAck(envelope: Envelope): EpochAck | undefined {
  try {
    return openEnvelope('epoch-ack/1', EpochAck, envelope)
  } catch (error) {
    if (!isMarketError(error)) throw error
    return undefined
  }
}
