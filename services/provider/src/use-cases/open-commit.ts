import { auditSeats, checkChallenges, checkEpoch, checkSeed, type Peer, type StreamHandler } from '@assay/core'
import {
  assertBug,
  decodeFrame,
  deriveAuditCommitDigest,
  encodeError,
  encodeFrame,
  isSampled,
  MarketError,
  OpenRequest,
  recoverSigner,
  toMarketError,
  type Address,
  type EpochProposal,
  type Hash32,
  type Opening,
  type OpenReply,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import type { AttemptRow, OrderRow } from '../store/records.ts'

/** Answers who asks for the opening of a commit: the opening when it is due, a refusal otherwise. */
export function serveOpen(context: ProviderContext): StreamHandler {
  return async (stream, remote, streamSignal) => {
    const signal = AbortSignal.any([streamSignal, context.closing])
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const reply = await answer(context, frame, remote, signal)
    await stream.send(encodeFrame(reply), signal)
    await stream.end()
  }
}

async function answer(
  context: ProviderContext,
  frame: Uint8Array,
  remote: Peer,
  signal: AbortSignal,
): Promise<OpenReply> {
  try {
    const request = decodeFrame(OpenRequest, frame, 'open request')
    return { type: 'opening', opening: await openCommit(context, request, remote.address, signal) }
  } catch (cause) {
    const error = toMarketError(cause)
    context.log.info({ from: remote.address, code: error.code }, 'opening.refused')
    return { type: 'error', error: encodeError(error) }
  }
}

/**
 * The opening of a commit, once whoever asks has shown that it is due: the commit stands in an epoch that a quorum
 * acknowledged before its seed existed, the seed drew it (or a conviction made its audit due), and a seat of that draw
 * has committed to its own result. An opening shown earlier could be copied by the auditor, so nothing less will do.
 * Throws `job-unknown`, `unauthorized`, `audit-refused`.
 */
async function openCommit(
  context: ProviderContext,
  request: OpenRequest,
  from: Address,
  signal: AbortSignal,
): Promise<Opening> {
  const { store, chain, chainFacts, beacon, clock, log } = context
  const row = store.byCommitment(request.commitment)
  if (row === undefined) throw new MarketError('job-unknown', 'this provider made no such commit')
  const order = store.order(row.orderId)
  assertBug(order !== undefined, 'the order of an attempt is in the store')

  const quorum = await chainFacts.quorum(order.terms.quorumId, signal)
  if (quorum === undefined) throw notDue('the quorum of the order does not exist')
  if (from !== order.terms.aggregator && !quorum.members.includes(from))
    throw new MarketError('unauthorized', 'only the aggregator and the quorum of the order may ask')

  const { proposal: envelope, leaves, acks } = request
  const epoch = checkEpoch({ proposal: envelope, leaves, acks }, { market: chain.market, quorum, beacon: beacon.info })
  if (!epoch.ok) throw notDue(epoch.fault)
  if (!epoch.acknowledged) throw notDue('acks-insufficient')
  if (epoch.proposal.aggregator !== order.terms.aggregator) throw notDue('aggregator-mismatch')
  const seed = checkSeed(epoch.proposal, beacon.info, request.beacon)
  if (!seed.ok) throw notDue(seed.fault)
  checkDrawn(request, { row, order, proposal: epoch.proposal, randomness: seed.randomness, market: chain.market })

  assertBug(row.opening !== undefined, 'a signed commit has its opening')
  const now = store.byCommitment(request.commitment)
  if (now?.openedAtMs === undefined && now !== undefined)
    store.updateAttempt(now, { openedAtMs: clock.now(), atMs: clock.now() })
  log.info({ orderId: row.orderId, shard: row.shard, attempt: row.attempt, reason: request.reason }, 'commit.opened')
  return row.opening
}

interface Draw {
  readonly row: AttemptRow
  readonly order: OrderRow
  readonly proposal: EpochProposal
  readonly randomness: Hash32
  readonly market: ProviderContext['chain']['market']
}

function checkDrawn(request: OpenRequest, { row, order, proposal, randomness, market }: Draw): void {
  const { commitment, reason, leaves, beacon, auditCommits, challenges } = request
  const leaf = leaves.find(({ commit }) => commit.commitment === commitment)
  if (leaf === undefined) throw notDue('the epoch does not hold the commit')
  const sampled = isSampled({ randomness, root: proposal.root, commitment }, leaf.ratePpm)
  if (sampled !== (reason === 'sampled')) throw notDue('reason-mismatch')

  const { client } = order.terms
  const demanded = checkChallenges({ commitment, reason, challenges }, { market, client })
  if (!demanded.ok) throw notDue(demanded.fault)
  const provider = leaf.commit.provider
  const { seats, alternates } = auditSeats({ proposal, beacon, commitment, round: 0, provider, client, earlier: [] })
  const drawn = new Set([...seats, ...alternates])
  const blind = auditCommits.some(
    (audit) =>
      audit.commitment === row.commit?.commitment &&
      audit.round === 0 &&
      drawn.has(audit.validator) &&
      recoverSigner(deriveAuditCommitDigest(market, audit), audit.signature) === audit.validator,
  )
  if (!blind) throw notDue('no drawn seat has committed to its own result')
}

const notDue = (reason: string): MarketError =>
  new MarketError('audit-refused', `the opening is not due: ${reason}`, { blame: 'aggregator', details: { reason } })
