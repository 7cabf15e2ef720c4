import { nextPasses, requiredRate } from '@assay/core'
import {
  createEnvelope,
  deriveBeaconId,
  deriveEpochRoot,
  deriveProposalDigest,
  ppm,
  sortLeaves,
  toJson,
  unixMs,
  usdc,
  type Address,
  type BeaconRound,
  type Commitment,
  type EpochLeaf,
  type EpochProposal,
  type Ppm,
  type QuorumId,
  type Seat,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptRow } from '../store/records.ts'

/**
 * Batches commits that wait: when a job has nothing else in flight, when there are many, or when the oldest is old.
 * `quiet` tells which orders have nothing else in flight.
 */
export async function closeEpochs(context: Context, quiet: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const { clock, store } = context
  const waiting = store.unbatched()
  const groups = Map.groupBy(waiting, (attempt) => store.job(attempt.orderId)?.terms.quorumId)
  for (const [quorumId, group] of groups) {
    if (quorumId === undefined) continue
    const oldest = Math.min(...group.map((attempt) => attempt.atMs))
    const due =
      group.length >= limits.epochLeaves ||
      clock.now() - oldest >= limits.epochAgeMs ||
      group.some((a) => quiet.has(a.orderId))
    if (due) await proposeEpoch(context, quorumId, group.slice(0, limits.epochLeaves), new Map(), signal)
  }
}

/** Gives every commit its audit rate, fixes the seed round and makes the proposal durable. */
export async function proposeEpoch(
  context: Context,
  quorumId: QuorumId,
  group: readonly AttemptRow[],
  atLeast: ReadonlyMap<Commitment, Ppm>,
  signal: AbortSignal,
): Promise<void> {
  const { beacon, chain, clock, options, signer, store } = context
  const leaves = sortLeaves(await Promise.all(group.map((attempt) => toLeaf(context, attempt, atLeast, signal))))
  const seedRound = (beacon.roundAt(clock.now()) + options.seedDelayRounds) as BeaconRound
  const body: EpochProposal = {
    chainId: chain.market.chainId,
    escrow: chain.market.escrow,
    aggregator: signer.address,
    quorumId,
    root: deriveEpochRoot(leaves),
    leafCount: leaves.length,
    seedRound,
    beaconId: deriveBeaconId(beacon.info),
    seats: await readSeats(context, signal),
    closedAtMs: unixMs(clock.now()),
  }
  const proposal = await createEnvelope('epoch/1', toJson(body), signer)
  const digest = deriveProposalDigest(proposal)
  store.transaction(() => {
    store.addEpoch(
      { digest, state: 'proposed', quorumId, seedRound, proposal, leaves, acks: [], beacon: undefined },
      clock.now(),
    )
    store.assignEpoch(
      leaves.map((leaf) => leaf.commit.commitment),
      digest,
      false,
    )
  })
  for (const orderId of new Set(group.map((attempt) => attempt.orderId)))
    context.emit(orderId, { type: 'epoch.closed', note: `${leaves.length} commits, seed round ${seedRound}` })
}

async function toLeaf(
  context: Context,
  attempt: AttemptRow,
  atLeast: ReadonlyMap<Commitment, Ppm>,
  signal: AbortSignal,
): Promise<EpochLeaf> {
  const { chain, store } = context
  const commit = attempt.commit!
  if (attempt.mustAudit) return { commit, ratePpm: ppm(1_000_000) }
  const operator = await chain.operator(attempt.provider, signal)
  const rate = requiredRate({
    priceUsdc: attempt.priceUsdc,
    stakeUsdc: operator?.stake ?? usdc(0n),
    auditedPasses: store.isConvicted(attempt.provider)
      ? 0
      : store.judgedOf(attempt.provider).reduce((k, { verdict }) => nextPasses(k, verdict), 0),
    minRatePpm: store.job(attempt.orderId)?.spec.minAuditRatePpm ?? ppm(0),
  })
  return { commit, ratePpm: ppm(Math.max(rate, atLeast.get(commit.commitment) ?? 0)) }
}

/** Every member of the quorum with its stake, sorted by address. */
async function readSeats({ chain, quorum }: Context, signal: AbortSignal): Promise<Seat[]> {
  const read = async (validator: Address): Promise<Seat> => ({
    validator,
    stake: (await chain.operator(validator, signal))?.stake ?? usdc(0n),
  })
  const seats = await Promise.all(quorum.members.map(read))
  return seats.toSorted((a, b) => (a.validator < b.validator ? -1 : 1))
}
