import { checkOwnCommit } from '@assay/core'
import {
  decodeFrame,
  encodeError,
  encodeFrame,
  MarketError,
  openEnvelope,
  protocols,
  Retraction,
  RetractRequest,
  toMarketError,
  type Envelope,
  type RetractReply,
} from '@assay/protocol'
import type { Context } from '../context.ts'

/** Lets providers take commits back that no epoch holds yet. */
export async function serveRetract(context: Context): Promise<void> {
  await context.network.handle(protocols.retract, async (stream, _remote, signal) => {
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    await stream.send(encodeFrame(answer(context, frame)), signal)
    await stream.end()
  })
}

function answer(context: Context, frame: Uint8Array): RetractReply {
  try {
    retract(context, decodeFrame(RetractRequest, frame, protocols.retract).retraction)
    return { type: 'retracted' }
  } catch (cause) {
    const error = toMarketError(cause)
    context.log.info({ code: error.code }, 'retraction.refused')
    return { type: 'error', error: encodeError(error) }
  }
}

/** Ends the attempt without pay and without blame for its result; another provider may try. */
function retract({ chain, clock, emit, store, wake }: Context, envelope: Envelope): void {
  const { orderId, shard, attempt: number, commitment } = openEnvelope('retract/1', Retraction, envelope).commit
  const job = store.job(orderId)
  if (job === undefined) throw new MarketError('job-unknown', 'no such job here', { details: { orderId } })
  const check = checkOwnCommit({ kind: 'retract/1', envelope, market: chain.market, terms: job.terms })
  if (!check.ok) throw new MarketError('commit-invalid', `the retraction does not hold: ${check.reason}`)
  const attempt = store.byCommitment(commitment)
  if (attempt === undefined) throw new MarketError('job-unknown', 'no such commit here', { details: { commitment } })
  if (attempt.code === 'commit-retracted') return
  // In an epoch that was proposed, somebody may have acknowledged it.
  if (attempt.state !== 'committed' || attempt.epoch !== undefined || attempt.mustAudit)
    throw new MarketError('retract-late', 'the commit is in an epoch', { details: { state: attempt.state } })
  const ended = { state: 'expired', code: 'commit-retracted', blame: 'provider', atMs: clock.now() } as const
  store.updateAttempt(attempt, ended)
  const { provider } = attempt
  emit(orderId, { type: 'attempt.failed', shard, attempt: number, provider, code: ended.code, blame: ended.blame })
  wake()
}
