import type { FrameStream, Peer, StreamHandler } from '@assay/core'
import {
  assertBug,
  decodeFrame,
  encodeError,
  encodeFrame,
  isMarketError,
  LeaseOffer,
  MarketError,
  openEnvelope,
  toMarketError,
  WorkRequest,
  type Hash32,
  type WorkReply,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { raceAbort } from '../race-abort.ts'
import type { AttemptRow, AttemptState } from '../store/records.ts'
import { acceptOffer } from './accept-offer.ts'
import { acknowledgeDelivery } from './deliver-result.ts'

/**
 * One stream, one attempt. The stream only watches: an attempt goes on when it breaks, and `resume` on a new one shows
 * where it stands.
 */
export function serveWork(context: ProviderContext): StreamHandler {
  return async (stream, remote, streamSignal) => {
    const signal = AbortSignal.any([streamSignal, context.closing])
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const request = decodeFrame(WorkRequest, frame, 'work request')
    const send = async (reply: WorkReply): Promise<void> => stream.send(encodeFrame(reply), signal)
    const row = await openAttempt(context, request, remote, send)
    if (row !== undefined) {
      await send({ type: 'accepted', acceptance: row.acceptance })
      await attend(context, row.lease, { stream, send, signal })
    }
    await stream.end()
  }
}

/** The attempt a request is about; a refusal is sent and gives `undefined`. */
async function openAttempt(
  context: ProviderContext,
  request: WorkRequest,
  remote: Peer,
  send: (reply: WorkReply) => Promise<void>,
): Promise<AttemptRow | undefined> {
  const { log, store } = context
  if (request.type === 'offer') {
    try {
      return await acceptOffer(context, request, remote)
    } catch (cause) {
      const error = toMarketError(cause)
      log.info({ aggregator: remote.address, code: error.code }, 'offer.declined')
      if (error.code === 'internal') log.error({ aggregator: remote.address, cause: String(cause) }, 'offer.broken')
      await send({ type: 'declined', error: encodeError(error) })
      return undefined
    }
  }
  if (request.type === 'resume') {
    const row = store.attempt(request.lease)
    if (row !== undefined && openEnvelope('lease/1', LeaseOffer, row.offer).aggregator === remote.address) return row
  }
  const unknown = new MarketError('job-unknown', 'this provider holds no such lease', { blame: 'provider' })
  await send({ type: 'failed', error: encodeError(unknown) })
  return undefined
}

interface Attendance {
  readonly stream: FrameStream
  readonly send: (reply: WorkReply) => Promise<void>
  readonly signal: AbortSignal
}

/** Tells of every change and listens for `cancel` and `committed` until the attempt has ended or the stream has. */
async function attend(context: ProviderContext, lease: Hash32, { stream, send, signal }: Attendance): Promise<void> {
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  const end = (): void => over.abort(new MarketError('stream-closed', 'the attempt has ended'))
  const listening = listen(context, lease, stream, both).finally(end)
  const telling = tell(context, lease, send, both).then(
    (last) => {
      // A failure is the last word; a commit waits for its acknowledgement.
      if (last !== 'committed') end()
    },
    (error: unknown) => {
      end()
      throw error
    },
  )
  const broken = (await Promise.allSettled([listening, telling])).flatMap((part) =>
    part.status === 'rejected' && !isClosed(part.reason) ? [toMarketError(part.reason)] : [],
  )
  if (broken[0] !== undefined && !signal.aborted) throw broken[0]
}

const isClosed = (error: unknown): boolean => isMarketError(error) && error.code === 'stream-closed'

async function listen(
  context: ProviderContext,
  lease: Hash32,
  stream: FrameStream,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const request = decodeFrame(WorkRequest, frame, 'work request')
    if (request.type === 'committed') await acknowledgeDelivery(context, lease)
    else if (request.type === 'cancel') context.board.cancel(lease)
    else throw new MarketError('message-malformed', 'one stream carries one attempt')
    if (context.store.attempt(lease)?.state === 'delivered') return
  }
}

/** Sends what changed since the last look, coalesced; returns the final state. */
async function tell(
  context: ProviderContext,
  lease: Hash32,
  send: (reply: WorkReply) => Promise<void>,
  signal: AbortSignal,
): Promise<AttemptState> {
  let told = ''
  for (;;) {
    const row = context.store.attempt(lease)
    assertBug(row !== undefined, 'a followed attempt is in the store')
    const reply = replyOf(row)
    const label = reply?.type === 'progress' ? reply.state : (reply?.type ?? '')
    if (reply !== undefined && label !== told) {
      await send(reply)
      told = label
    } else {
      if (row.state === 'failed' || row.state === 'committed' || row.state === 'delivered') return row.state
      await raceAbort(context.board.changed(lease), signal)
    }
  }
}

function replyOf(row: AttemptRow): WorkReply | undefined {
  const { state, commit, sealed, failure, atMs } = row
  switch (state) {
    case 'leased':
      return undefined
    case 'preparing':
    case 'executing':
    case 'sealing':
      return { type: 'progress', state, atMs }
    case 'delivering':
      return { type: 'progress', state: 'sealing', atMs }
    case 'committed':
    case 'delivered':
      assertBug(commit !== undefined && sealed !== undefined, 'a committed attempt has its commit')
      return { type: 'committed', commit, sealed }
    case 'failed':
      assertBug(failure !== undefined, 'a failed attempt has its reason')
      return { type: 'failed', error: failure }
  }
}
