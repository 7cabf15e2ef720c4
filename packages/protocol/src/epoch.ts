/** Epochs: the commits that are sampled and settled together, and who acknowledged them before the seed existed. */
import { z } from 'zod'
import { encodeWords } from './abi-words.ts'
import { keccakText } from './canonical.ts'
import { deriveEnvelopeDigest, Envelope } from './envelope.ts'
import { limits } from './limits.ts'
import { merkleLeaf, merkleRoot } from './merkle.ts'
import {
  addressSchema,
  hash32Schema,
  hashSchema,
  ppmSchema,
  quorumIdSchema,
  unixMsSchema,
  usdcSchema,
} from './schema.ts'
import { MarketDomain, SignedCommit } from './typed-data.ts'
import { asHash, beaconRound, type EpochRoot, type Hash32 } from './units.ts'

/** A commit with the audit rate it was given when the epoch closed. */
export const EpochLeaf = z.strictObject({ commit: SignedCommit, ratePpm: ppmSchema })
export type EpochLeaf = z.infer<typeof EpochLeaf>

/** A validator that may be drawn, and the stake it is drawn by. */
export const Seat = z.strictObject({ validator: addressSchema, stake: usdcSchema })
export type Seat = z.infer<typeof Seat>

/** Body of an `epoch/1` envelope, signed by the aggregator. */
export const EpochProposal = z.strictObject({
  ...MarketDomain.shape,
  aggregator: addressSchema,
  quorumId: quorumIdSchema,
  root: hashSchema<EpochRoot>(),
  leafCount: z.int().min(1).max(limits.shardsPerJob),
  /** The beacon round that will decide the sample; not yet published when acknowledged. */
  seedRound: z.int().min(1).transform(beaconRound),
  beaconId: hash32Schema,
  /** Every quorum member with its stake at close, sorted by address. */
  seats: z.array(Seat).min(1).max(limits.quorumMembers),
  closedAtMs: unixMsSchema,
  /** Members that must not judge a party of this epoch, sorted; absent when there is none. */
  related: z
    .array(z.strictObject({ validator: addressSchema, party: addressSchema }))
    .min(1)
    .max(limits.relatedPairs)
    .optional(),
})
export type EpochProposal = z.infer<typeof EpochProposal>

/** Body of an `epoch-ack/1` envelope: the validator held the root while `seenRound` was the newest round. */
export const EpochAck = z.strictObject({
  ...MarketDomain.shape,
  /** Digest of the proposal's envelope. */
  proposal: hash32Schema,
  seenRound: z.int().min(0).transform(beaconRound),
})
export type EpochAck = z.infer<typeof EpochAck>

/** A closed epoch with everything needed to recompute who was audited by whom. */
export const Epoch = z.strictObject({
  proposal: Envelope,
  leaves: z.array(EpochLeaf).min(1).max(limits.shardsPerJob),
  acks: z.array(Envelope).max(limits.quorumMembers),
})
export type Epoch = z.infer<typeof Epoch>

/** Hash of a leaf: its commit without the signature, and its rate. */
export function deriveLeafHash({ commit, ratePpm }: EpochLeaf): Hash32 {
  const { orderId, shard, attempt, provider, commitment, sealedHash } = commit
  return merkleLeaf(encodeWords([leafTag, orderId, shard, attempt, provider, commitment, sealedHash, ratePpm]))
}

/** Leaves in canonical order: by commitment. */
export const sortLeaves = (leaves: readonly EpochLeaf[]): readonly EpochLeaf[] =>
  leaves.toSorted((a, b) => (a.commit.commitment < b.commit.commitment ? -1 : 1))

/** Root over leaves in canonical order. */
export const deriveEpochRoot = (leaves: readonly EpochLeaf[]): EpochRoot =>
  asHash(merkleRoot(sortLeaves(leaves).map(deriveLeafHash)))

/** What an acknowledgement refers to. */
export const deriveProposalDigest = (proposal: Envelope): Hash32 =>
  asHash(deriveEnvelopeDigest('epoch/1', proposal.payload))

const leafTag = keccakText('assay/epoch-leaf/1')
