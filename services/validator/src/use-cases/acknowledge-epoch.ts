import { checkEpoch, coversPrice, findRelated, requiredRate, type KnownParty } from '@assay/core'
import {
  asHash,
  createEnvelope,
  deriveProposalDigest,
  encodeCanonical,
  encodeError,
  EpochProposal,
  MarketError,
  openEnvelope,
  ppm,
  toJson,
  toUnixMs,
  unixMs,
  type Address,
  type BeaconRound,
  type Commitment,
  type EpochAck,
  type EpochLeaf,
  type Hash32,
  type Ppm,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ChainFacts } from '../chain-facts.ts'
import type { ValidatorContext } from '../context.ts'
import { earlierEpochs, protectAttempts, protectSample } from '../protection.ts'
import type { OrderRow } from '../store/records.ts'
import { noteCommits } from './note-fault.ts'

export type ProposeRequest = Extract<ValidatorRequest, { type: 'propose' }>

/**
 * Acknowledges a closed epoch before its seed exists. From then on its commits are sampled by that round, or audited
 * for certain: a commit that is held in another acknowledged epoch passes only at a full rate, and no third time, so proposing
 * again until sample or auditor please is no way out. The same proposal gets the same acknowledgement, whenever it is asked for. One
 * that comes after its seed is refused but kept: what a threshold of others has acknowledged can still be audited here.
 * Throws `epoch-refused`, or answers `refused` with the rates and orders that are missing.
 */
export async function acknowledgeEpoch(
  context: ValidatorContext,
  { proposal: envelope, leaves }: ProposeRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { beacon, chain, chainFacts, clock, log, signer, store } = context
  // The root is held from here on; what the acknowledgement says is the newest round of this instant.
  const seenRound = beacon.roundAt(clock.now())
  const proposal = openEnvelope('epoch/1', EpochProposal, envelope)
  if (proposal.aggregator !== from) throw refuse('not-its-aggregator')
  const quorum = await chainFacts.quorum(proposal.quorumId, signal)
  if (quorum === undefined || !quorum.members.includes(signer.address)) throw refuse('not-a-member')
  const digest = deriveProposalDigest(envelope)
  const held = store.proposal(digest)
  if (held !== undefined && held.seenRound < proposal.seedRound) return acknowledge(context, digest, held.seenRound)
  // Before any signature of a leaf is checked: only who has funded orders can make us work.
  const ids = new Set(leaves.map(({ commit }) => commit.orderId))
  const unknownOrders = [...ids].filter((id) => store.order(id) === undefined)
  if (unknownOrders.length > 0) return refused('orders-unknown', { unknownOrders })
  const check = checkEpoch(
    { proposal: envelope, leaves, acks: [] },
    { market: chain.market, quorum, beacon: beacon.info },
  )
  if (!check.ok) throw refuse(check.fault, check.details)
  const orders = [...ids].flatMap((id) => store.order(id) ?? [])
  checkForeign(proposal, orders)
  const refundAtMs = unixMs(Math.max(...orders.map(({ terms }) => toUnixMs(terms.refundAt))))
  const acknowledged = seenRound < proposal.seedRound
  const row = { digest, proposal: envelope, leaves, seenRound, acknowledged, refundAtMs }
  const commits = leaves.map(({ commit }) => commit)
  if (!acknowledged) {
    // Too late to acknowledge, but what a threshold has acknowledged can still be audited and judged here.
    noteCommits(context, commits)
    protectAttempts(store, commits)
    store.addProposal(row)
    throw refuse('seed-round-published', { seenRound, seedRound: proposal.seedRound })
  }
  checkRetracted(context, leaves)
  await checkOrders(context, { proposal, leaves, orders }, signal)
  await checkSeats(context, proposal, signal)
  await checkRelated(context, { proposal, leaves, orders }, signal)
  const required = await ratesTooLow(context, leaves, digest, signal)
  if (required.length > 0) return refused('rates-too-low', { required })
  noteCommits(context, commits)
  protectAttempts(store, commits)
  protectSample(store, digest, leaves)
  store.addProposal(row)
  log.info({ proposal: digest, leaves: leaves.length, seedRound: proposal.seedRound, seenRound }, 'epoch.acknowledged')
  return acknowledge(context, digest, seenRound)
}

async function acknowledge(
  { chain, signer }: ValidatorContext,
  proposal: Hash32,
  seenRound: BeaconRound,
): Promise<ValidatorReply> {
  const { chainId, escrow } = chain.market
  const body: EpochAck = { chainId, escrow, proposal, seenRound }
  return { type: 'acknowledged', ack: await createEnvelope('epoch-ack/1', toJson(body), signer) }
}

interface EpochContent {
  readonly proposal: EpochProposal
  readonly leaves: readonly EpochLeaf[]
  readonly orders: readonly OrderRow[]
}

function checkForeign({ aggregator, quorumId }: EpochProposal, orders: readonly OrderRow[]): void {
  const foreign = orders.find(({ terms }) => terms.aggregator !== aggregator || terms.quorumId !== quorumId)
  if (foreign !== undefined) throw refuse('order-foreign', { orderId: foreign.orderId })
}

/** A commit that its provider took back joins no epoch. One that was in an epoch before that stays due. */
function checkRetracted({ store }: ValidatorContext, leaves: readonly EpochLeaf[]): void {
  for (const { commit } of leaves) {
    const { commitment } = commit
    if (store.claim(commitment)?.retracted === true && store.epochsOf(commitment).length === 0)
      throw refuse('commit-retracted', { commitment })
  }
}

async function checkOrders(
  { beacon, chainFacts, clock, facts }: ValidatorContext,
  { proposal, leaves, orders }: EpochContent,
  signal: AbortSignal,
): Promise<void> {
  for (const { orderId, terms, spec } of orders) {
    // Whoever acknowledges may be drawn: other hardware would give other bytes to an honest shard.
    if (spec.hardwareClass !== undefined && spec.hardwareClass !== facts.hardwareClass)
      throw refuse('hardware-class-foreign', { orderId, hardwareClass: spec.hardwareClass })
    const settleBy = toUnixMs(terms.settleBy)
    if (clock.now() >= settleBy || beacon.timeOf(proposal.seedRound) >= settleBy)
      throw refuse('order-overdue', { orderId })
    const outside = leaves.find(({ commit }) => commit.orderId === orderId && commit.shard >= spec.shards.length)
    if (outside !== undefined) throw refuse('shard-unknown', { orderId, shard: outside.commit.shard })
    const order = await chainFacts.order(orderId, signal)
    if (order.status !== 'funded') throw refuse('order-closed', { orderId, status: order.status })
  }
}

/** The draw is by stake: what the proposal says of it must be what the chain says. A remembered stake is read again first. */
async function checkSeats(
  { chainFacts }: ValidatorContext,
  proposal: EpochProposal,
  signal: AbortSignal,
): Promise<void> {
  const wrong = async (): Promise<Address | undefined> => {
    for (const { validator, stake } of proposal.seats)
      if (((await chainFacts.operator(validator, signal))?.stake ?? 0n) !== stake) return validator
    return undefined
  }
  if ((await wrong()) === undefined) return
  chainFacts.forget()
  const validator = await wrong()
  if (validator !== undefined) throw refuse('seat-stake-differs', { validator })
}

/** Who must not judge whom is read from the chain, like the stakes. A remembered payout address is read again first. */
async function checkRelated(
  { chainFacts }: ValidatorContext,
  { proposal, leaves, orders }: EpochContent,
  signal: AbortSignal,
): Promise<void> {
  const known = async (addresses: readonly Address[]): Promise<readonly KnownParty[]> =>
    Promise.all(
      addresses.map(async (address) => ({
        address,
        payout: (await chainFacts.operator(address, signal))?.payout ?? address,
      })),
    )
  const members = proposal.seats.map(({ validator }) => validator)
  const providers = leaves.map(({ commit }) => commit.provider)
  const clients = orders.map(({ terms }) => terms.client)
  const parties = [...new Set([...providers, ...clients, proposal.aggregator])]
  const differs = async (): Promise<boolean> => {
    const own = findRelated(await known(members), await known(parties))
    return encodeCanonical(toJson(own)) !== encodeCanonical(toJson(proposal.related ?? []))
  }
  if (!(await differs())) return
  chainFacts.forget()
  if (await differs()) throw refuse('related-differs', { listed: proposal.related?.length ?? 0 })
}

interface RequiredRate {
  readonly commitment: Commitment
  readonly ratePpm: Ppm
}

/** Leaves whose rate is below what this validator knows to be due, each with that rate. */
async function ratesTooLow(
  context: ValidatorContext,
  leaves: readonly EpochLeaf[],
  digest: Hash32,
  signal: AbortSignal,
): Promise<RequiredRate[]> {
  const required: RequiredRate[] = []
  for (const { commit, ratePpm } of leaves) {
    const again = earlierEpochs(context.store, commit.commitment, digest).length > 0
    const least = again ? ppm(1_000_000) : await dueRate(context, commit, signal)
    if (ratePpm < least) required.push({ commitment: commit.commitment, ratePpm: least })
  }
  return required
}

async function dueRate(
  { chainFacts, store }: ValidatorContext,
  commit: EpochLeaf['commit'],
  signal: AbortSignal,
): Promise<Ppm> {
  const { orderId, provider } = commit
  const operator = await chainFacts.operator(provider, signal)
  if (operator?.provider !== true || operator.stake === 0n) throw refuse('provider-unstaked', { provider })
  const spec = store.order(orderId)?.spec
  if (spec === undefined) throw refuse('orders-unknown', { orderId })
  // Who was slashed since its lease has less: its commits are audited for that conviction, and must come to it.
  const least = coversPrice(operator.stake, spec.priceUsdc) || (await isSlashed(chainFacts, provider, signal))
  if (!least)
    throw refuse('stake-below-price', { provider, stake: `${operator.stake}`, priceUsdc: `${spec.priceUsdc}` })
  return requiredRate({
    priceUsdc: spec.priceUsdc,
    stakeUsdc: operator.stake,
    auditedPasses: store.passes(provider, spec.determinism),
    minRatePpm: spec.minAuditRatePpm,
    determinism: spec.determinism,
  })
}

const isSlashed = async (chainFacts: ChainFacts, provider: Address, signal: AbortSignal): Promise<boolean> =>
  (await chainFacts.faultsOf(provider, signal)).some(({ guilty }) => guilty)

function refused(
  reason: string,
  lists: { readonly required?: RequiredRate[]; readonly unknownOrders?: readonly string[] },
): ValidatorReply {
  const { required = [], unknownOrders = [] } = lists
  const error = encodeError(refuse(reason, { leaves: required.length, orders: unknownOrders.length }))
  return { type: 'refused', error, required, unknownOrders: unknownOrders.map((id) => asHash<Hash32>(id)) }
}

const refuse = (reason: string, details: Readonly<Record<string, string | number | boolean>> = {}): MarketError =>
  new MarketError('epoch-refused', `the epoch is refused: ${reason}`, { details: { reason, ...details } })
