/** What shows a provider that its commit is due for opening, true or tampered with. */
import { auditSeats, type Network } from '@assay/core'
import {
  createEnvelope,
  decodeFrame,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveBeaconId,
  deriveEpochRoot,
  deriveProposalDigest,
  encodeFrame,
  EpochProposal,
  OpenReply,
  ppm,
  protocols,
  toJson,
  type AuditReason,
  type Envelope,
  type OpenRequest,
  type ResultRoot,
  type Salt,
  type SignedCommit,
} from '@assay/protocol'
import { named } from '@assay/testkit'
import { domainOf, never, type Stage } from './stage.ts'

export interface ProofOptions {
  readonly ratePpm?: number
  readonly reason?: AuditReason
  readonly acks?: number
  readonly tamper?: (request: OpenRequest) => OpenRequest
}

/** What shows that a commit is due for opening: an acknowledged epoch, its seed, a drawn seat's blind commit. */
export async function proveDue(stage: Stage, commit: SignedCommit, options: ProofOptions = {}): Promise<OpenRequest> {
  const { aggregator, beacon, clock, market, quorumId, validators, terms } = stage
  const leaves = [{ commit, ratePpm: ppm(options.ratePpm ?? 1_000_000) }]
  const seedRound = beacon.roundAt(clock.now()) + 2
  const body = EpochProposal.parse({
    ...domainOf(market),
    aggregator: aggregator.address,
    quorumId,
    root: deriveEpochRoot(leaves),
    leafCount: 1,
    seedRound,
    beaconId: deriveBeaconId(beacon.info),
    seats: validators
      .map(({ address }) => ({ validator: address, stake: '100000000' }))
      .toSorted((a, b) => (a.validator < b.validator ? -1 : 1)),
    closedAtMs: clock.now(),
  })
  const proposal = await createEnvelope('epoch/1', toJson(body), aggregator)
  const acks: Envelope[] = []
  for (const validator of validators.slice(0, options.acks ?? 2)) {
    const ack = { ...domainOf(market), proposal: deriveProposalDigest(proposal), seenRound: seedRound - 2 }
    acks.push(await createEnvelope('epoch-ack/1', ack, validator))
  }
  const value = await clock.runUntil(beacon.value(body.seedRound, never))
  const { commitment, provider } = commit
  const draw = auditSeats({
    proposal: body,
    beacon: value,
    commitment,
    round: 0,
    provider,
    client: terms.client,
    earlier: [],
  })
  const seat = validators.find(({ address }) => address === draw.seats[0])!
  const about = { commitment, round: 0, validator: seat.address }
  const opening = { resultRoot: named<ResultRoot>('audit'), salt: named<Salt>('audit-salt') }
  const promise = { ...about, auditCommitment: deriveAuditCommitment(market, about, opening) }
  const request: OpenRequest = {
    type: 'open',
    commitment,
    reason: options.reason ?? 'sampled',
    proposal,
    acks,
    leaves,
    beacon: value,
    auditCommits: [{ ...promise, signature: seat.signNow(deriveAuditCommitDigest(market, promise)) }],
  }
  return options.tamper?.(request) ?? request
}

/** Asks the provider to open a commit. */
export async function askOpen(stage: Stage, request: OpenRequest, from: Network = stage.network): Promise<OpenReply> {
  const stream = await from.open(stage.provider.publicKey, protocols.open, never)
  await stream.send(encodeFrame(request), never)
  await stream.end()
  const frame = await stream.receive(never)
  if (frame === undefined) throw new Error('no reply')
  return decodeFrame(OpenReply, frame, 'open reply')
}
