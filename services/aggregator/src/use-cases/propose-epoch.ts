import { coversPrice, findRelated, isSuspicious, requiredRate, type KnownParty, type RelatedPair } from '@assay/core'
import {
  assertBug,
  beaconRound,
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
  type Commitment,
  type EpochLeaf,
  type EpochProposal,
  type Hash32,
  type Ppm,
  type QuorumId,
  type Seat,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, RunTime } from '../store/records.ts'
import { passesOf } from './passes-of.ts'

/** Commits of one quorum that close together. */
export interface DueEpoch {
  readonly quorumId: QuorumId
  readonly group: readonly AttemptRow[]
  /** Rates that a validator asked for. */
  readonly atLeast?: ReadonlyMap<Commitment, Ppm>
  /** Proposal that this one takes the place of. */
  readonly replaces?: Hash32
}

/** Gives every commit its audit rate, fixes the seed round and makes the proposal durable, all before anyone sees it. */
export async function proposeEpoch(context: Context, due: DueEpoch, signal: AbortSignal): Promise<void> {
  const { clock, emit, signer, store } = context
  if (await endUncovered(context, due.group, signal)) return context.wake()
  const orders = new Set(due.group.map(({ orderId }) => orderId))
  const runs = new Map([...orders].map((orderId) => [orderId, store.runTimesOf(orderId)]))
  const leaves = sortLeaves(
    await Promise.all(due.group.map((attempt) => toLeaf(context, attempt, { ...due, runs }, signal))),
  )
  const body = await createProposal(context, due.quorumId, leaves, signal)
  const proposal = await createEnvelope('epoch/1', toJson(body), signer)
  const digest = deriveProposalDigest(proposal)
  const { quorumId, seedRound } = body
  const closed = store.transaction(() => {
    // One that was taken back meanwhile must not stand in an epoch: planning groups the others again.
    if (leaves.some((leaf) => store.byCommitment(leaf.commit.commitment)?.state !== 'committed')) return false
    if (due.replaces !== undefined) store.updateEpoch(due.replaces, { state: 'void' })
    store.addEpoch(
      { digest, state: 'proposed', quorumId, seedRound, proposal, leaves, acks: [], beacon: undefined },
      clock.now(),
    )
    store.joinEpoch(
      leaves.map((leaf) => leaf.commit.commitment),
      digest,
    )
    return true
  })
  if (!closed) return context.wake()
  for (const orderId of new Set(due.group.map((attempt) => attempt.orderId)))
    emit(orderId, { type: 'epoch.closed', note: `${leaves.length} commits, seed round ${seedRound}` })
}

/**
 * Ends attempts whose provider has withdrawn stake since its lease, so that no member can acknowledge an epoch with them: they
 * must not hold up the others. Returns whether there were any. Stake that a conviction took is no reason.
 */
async function endUncovered(
  { chain, clock, emit, store }: Context,
  group: readonly AttemptRow[],
  signal: AbortSignal,
): Promise<boolean> {
  let ended = false
  for (const { orderId, shard, attempt: number, provider, priceUsdc } of group) {
    if (store.isConvicted(provider)) continue
    if (coversPrice((await chain.operator(provider, signal))?.stake ?? usdc(0n), priceUsdc)) continue
    if ((await chain.faultsOf(provider, signal)).some(({ guilty }) => guilty)) continue
    const attempt = store.attempt({ orderId, shard, attempt: number })
    if (attempt?.state !== 'committed') continue
    const over = { state: 'expired', code: 'stake-insufficient', blame: 'provider', atMs: clock.now() } as const
    store.updateAttempt(attempt, over)
    emit(orderId, { type: 'attempt.failed', shard, attempt: number, provider, code: over.code, blame: over.blame })
    ended = true
  }
  return ended
}

async function createProposal(
  context: Context,
  quorumId: QuorumId,
  leaves: readonly EpochLeaf[],
  signal: AbortSignal,
): Promise<EpochProposal> {
  const { beacon, chain, clock, options, signer } = context
  const seats = await readSeats(context, signal)
  const related = await readRelated(context, leaves, signal)
  const now = clock.now()
  return {
    chainId: chain.market.chainId,
    escrow: chain.market.escrow,
    aggregator: signer.address,
    quorumId,
    root: deriveEpochRoot(leaves),
    leafCount: leaves.length,
    seedRound: beaconRound(beacon.roundAt(now) + options.seedDelayRounds),
    beaconId: deriveBeaconId(beacon.info),
    seats,
    closedAtMs: unixMs(now),
    ...(related.length > 0 && { related: [...related] }),
  }
}

async function toLeaf(
  { chain, store }: Context,
  attempt: AttemptRow,
  { atLeast, runs }: DueEpoch & { readonly runs: ReadonlyMap<string, readonly RunTime[]> },
  signal: AbortSignal,
): Promise<EpochLeaf> {
  const { commit, mustAudit, orderId, priceUsdc, provider, runMs } = attempt
  assertBug(commit !== undefined, 'a commit that joins an epoch is there')
  // Known only here, so it can only raise the rate.
  const others = (runs.get(orderId) ?? []).filter((run) => run.provider !== provider)
  const suspect =
    runMs !== undefined &&
    isSuspicious(
      runMs,
      others.map((run) => run.runMs),
    )
  if (mustAudit || suspect) return { commit, ratePpm: ppm(1_000_000) }
  const operator = await chain.operator(provider, signal)
  const spec = store.job(orderId)?.spec
  const rate = requiredRate({
    priceUsdc,
    stakeUsdc: operator?.stake ?? usdc(0n),
    auditedPasses: passesOf({ store }, provider),
    minRatePpm: spec?.minAuditRatePpm ?? ppm(0),
    determinism: spec?.determinism ?? 'D1',
  })
  return { commit, ratePpm: ppm(Math.max(rate, atLeast?.get(commit.commitment) ?? 0)) }
}

/** Members that share a purse with a provider or client of these commits, or with this aggregator. */
async function readRelated(
  { chain, quorum, signer, store }: Context,
  leaves: readonly EpochLeaf[],
  signal: AbortSignal,
): Promise<readonly RelatedPair[]> {
  const know = async (address: Address): Promise<KnownParty> => ({
    address,
    payout: (await chain.operator(address, signal))?.payout ?? address,
  })
  const providers = leaves.map(({ commit }) => commit.provider)
  const clients = leaves.flatMap(({ commit }) => store.job(commit.orderId)?.client ?? [])
  const parties = [...new Set([...providers, ...clients, signer.address])]
  return findRelated(await Promise.all(quorum.members.map(know)), await Promise.all(parties.map(know)))
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
