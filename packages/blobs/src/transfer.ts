/** What both directions share: giving up on a silent peer, taking the next frame, saying why not. */
import type { FrameStream } from '@assay/core'
import { encodeError, encodeFrame, isMarketError, MarketError, toMarketError } from '@assay/protocol'
import type { ErrorBody, PublicKey } from '@assay/protocol'
import { blobLimits } from './limits.ts'

/** A signal that follows the caller's and also aborts after a while without `touch`. */
export interface Watch extends Disposable {
  readonly signal: AbortSignal
  touch(): void
}

export function watchSilence(outer: AbortSignal, silenceMs: number = blobLimits.silenceMs): Watch {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new MarketError('stream-closed', 'the peer fell silent')), silenceMs)
  timer.unref()
  return {
    signal: AbortSignal.any([outer, silence.signal]),
    touch: () => timer.refresh(),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

/** The next frame. Throws `stream-closed` when the other side ended instead. */
export async function takeFrame(stream: FrameStream, watch: Watch): Promise<Uint8Array> {
  const frame = await stream.receive(watch.signal)
  if (frame === undefined) throw new MarketError('stream-closed', 'the peer ended before the transfer was complete')
  watch.touch()
  return frame
}

export async function sendFrame(stream: FrameStream, frame: Uint8Array, watch: Watch): Promise<void> {
  await stream.send(frame, watch.signal)
  watch.touch()
}

/** A refusal, or why a transfer stopped. Never says more than its code when the fault is our own. */
export const refusal = (error: unknown): Uint8Array => {
  const known = toMarketError(error)
  return encodeFrame({ type: 'error', error: encodeError(known) })
}

/** What a peer said went wrong, if it is something that a transfer can fail of; else that the transfer broke. */
export function peerError(body: ErrorBody, peer: PublicKey): MarketError {
  const details = { ...body.details, peer }
  const code = peerCodes.find((one) => one === body.code)
  if (code === undefined)
    return new MarketError('stream-closed', 'the peer gave up', { details: { peer, code: body.code } })
  return new MarketError(code, `the peer refused: ${code}`, { details })
}

const peerCodes = [
  'blob-unknown',
  'blob-mismatch',
  'blob-too-large',
  'storage-full',
  'unauthorized',
  'rate-limited',
] as const

/** Gives the stream up; the reason stays with us. */
export function abandon(stream: FrameStream, error: unknown): void {
  stream.abort(error instanceof Error ? error : new Error('the transfer failed', { cause: error }))
}

/** Waits a moment for the other side's end when all is done; one that goes on, or is gone, no longer matters. */
export async function leave(stream: FrameStream, signal: AbortSignal): Promise<void> {
  using moment = watchSilence(signal, blobLimits.farewellMs)
  const extra = await stream.receive(moment.signal).catch((error: unknown) => error)
  if (extra !== undefined) abandon(stream, new Error('the transfer is complete', { cause: extra }))
}

/** The same fault with the peer named whose bytes it was. */
export function namePeer(error: unknown, peer: PublicKey): unknown {
  if (!isMarketError(error) || error.code !== 'blob-mismatch') return error
  const { code, message, blame, details } = error
  return new MarketError(code, message, { blame, details: { ...details, peer }, cause: error })
}
