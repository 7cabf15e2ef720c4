import {
  after,
  decodeFrame,
  deriveAttestationDigest,
  deriveAuditCommitment,
  encodeFrame,
  MarketError,
  protocols,
  recoverSigner,
  toMarketError,
  ValidatorReply,
  type Address,
  type Audit,
  type SignedAttestation,
  type SignedAuditCommit,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { findPeer } from '../find-peer.ts'
import { validatorLimits } from '../limits.ts'
import { withDeadline } from '../with-deadline.ts'
import type { DueCommit } from './due-commit.ts'

/**
 * Asks a validator itself for the result that an aggregator says it never showed. Gives the attestation, or `undefined` when
 * it cannot be reached or shows nothing that opens its audit commit in time.
 */
export async function askAttestation(
  context: ValidatorContext,
  due: DueCommit,
  { audit, accused }: { readonly audit: Audit; readonly accused: Address },
  signal: AbortSignal,
): Promise<SignedAttestation | undefined> {
  const { clock, log } = context
  const deadline = after(clock.now(), validatorLimits.openingMs)
  const late = (): Error => new MarketError('peer-unreachable', 'the validator did not show its result in time')
  const round = audit.rounds.findIndex(({ commits }) => commits.some(({ validator }) => validator === accused))
  const commits = audit.rounds[round]?.commits ?? []
  const own = commits.find(({ validator }) => validator === accused)
  if (own === undefined) return undefined
  const { commitment } = due.leaf.commit
  const { opening } = audit
  const request: ValidatorRequest = { type: 'reveal', commitment, round, commits, ...(opening && { opening }) }
  try {
    const reply = await withDeadline({ clock, signal }, deadline, late, async (inTime) =>
      ask(context, accused, request, inTime),
    )
    if (reply?.type === 'attested' && opens(context, own, reply.attestation)) return reply.attestation
    log.warn({ validator: accused, commitment, answer: reply?.type ?? 'none' }, 'attestation.missed')
  } catch (cause) {
    signal.throwIfAborted()
    log.warn({ validator: accused, commitment, code: toMarketError(cause).code }, 'attestation.missed')
  }
  return undefined
}

/** Whether an attestation is the accused's own and opens what it committed to. */
function opens({ chain }: ValidatorContext, own: SignedAuditCommit, shown: SignedAttestation): boolean {
  const { commitment, round, validator, resultRoot, salt } = shown
  const same = commitment === own.commitment && round === own.round && validator === own.validator
  return (
    same &&
    recoverSigner(deriveAttestationDigest(chain.market, shown), shown.signature) === validator &&
    deriveAuditCommitment(chain.market, own, { resultRoot, salt }) === own.auditCommitment
  )
}

async function ask(
  context: ValidatorContext,
  accused: Address,
  request: ValidatorRequest,
  signal: AbortSignal,
): Promise<ValidatorReply | undefined> {
  const peer = await findPeer(context, accused, 'validator', signal)
  if (peer === undefined) return undefined
  const stream = await context.network.open(peer.publicKey, protocols.validate, signal)
  try {
    await stream.send(encodeFrame(request), signal)
    await stream.end()
    const frame = await stream.receive(signal)
    return frame && decodeFrame(ValidatorReply, frame, protocols.validate)
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('the request failed', { cause: error }))
    throw error
  }
}
