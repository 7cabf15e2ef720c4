import {
  after,
  decodeFrame,
  deriveCommitment,
  encodeFrame,
  MarketError,
  OpenReply,
  protocols,
  toMarketError,
  type Audit,
  type BeaconValue,
  type Epoch,
  type Opening,
  type OpenRequest,
  type SignedCommit,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { findPeer } from '../find-peer.ts'
import { validatorLimits } from '../limits.ts'
import { withDeadline } from '../with-deadline.ts'

/** An audit whose commit is said not to open, and the epoch that makes it due. */
export interface UnopenedCase {
  readonly commit: SignedCommit
  readonly audit: Audit
  readonly epoch: Epoch
  readonly beacon: BeaconValue
}

/**
 * Asks a provider itself for the opening that an aggregator says is missing, with everything that shows it to be due:
 * nobody is convicted of silence on the aggregator's word. Gives the opening, or `undefined` when the provider cannot be
 * reached or does not open in time.
 */
export async function askOpening(
  context: ValidatorContext,
  unopened: UnopenedCase,
  signal: AbortSignal,
): Promise<Opening | undefined> {
  const { chain, clock, log } = context
  const { commit } = unopened
  const deadline = after(clock.now(), validatorLimits.openingMs)
  const late = (): Error => new MarketError('peer-unreachable', 'the provider did not open in time')
  try {
    const reply = await withDeadline({ clock, signal }, deadline, late, async (inTime) =>
      ask(context, unopened, inTime),
    )
    if (reply?.type === 'opening' && deriveCommitment(chain.market, commit, reply.opening) === commit.commitment)
      return reply.opening
    log.warn(
      { provider: commit.provider, commitment: commit.commitment, answer: reply?.type ?? 'none' },
      'opening.missed',
    )
  } catch (cause) {
    signal.throwIfAborted()
    log.warn(
      { provider: commit.provider, commitment: commit.commitment, code: toMarketError(cause).code },
      'opening.missed',
    )
  }
  return undefined
}

async function ask(
  context: ValidatorContext,
  { commit, audit, epoch, beacon }: UnopenedCase,
  signal: AbortSignal,
): Promise<OpenReply | undefined> {
  const peer = await findPeer(context, commit.provider, 'provider', signal)
  if (peer === undefined) return undefined
  const request: OpenRequest = {
    type: 'open',
    commitment: commit.commitment,
    reason: audit.reason,
    proposal: epoch.proposal,
    acks: epoch.acks,
    leaves: epoch.leaves,
    beacon,
    auditCommits: audit.rounds[0]?.commits ?? [],
    ...(audit.challenges && { challenges: audit.challenges }),
  }
  const stream = await context.network.open(peer.publicKey, protocols.open, signal)
  try {
    await stream.send(encodeFrame(request), signal)
    await stream.end()
    const frame = await stream.receive(signal)
    return frame && decodeFrame(OpenReply, frame, protocols.open)
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('the request failed', { cause: error }))
    throw error
  }
}
