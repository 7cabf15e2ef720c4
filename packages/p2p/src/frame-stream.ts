/**
 * `FrameStream` over a libp2p stream. The library's own `lpStream` is not used: it aborts a stream whose reader is
 * slower than its sender, lets a sender queue without bound, and reads a lost connection as a clean end.
 */
import type { FrameStream } from '@assay/core'
import { limits, MarketError } from '@assay/protocol'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { createBell } from './bell.ts'
import { createFrameDecoder, encodeLengthPrefixed, type FrameDecoder } from './frame-decoder.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'

/** A frame stream and what its owner in this package needs besides. */
export interface OwnedFrameStream extends FrameStream {
  /** Resolves when both sides have ended or either gave up. */
  readonly closed: Promise<void>
  /** Resolves when the other side has ended or either gave up; what still arrives is dropped. */
  drain(): Promise<void>
}

/** Attaches to a stream that nobody reads yet; from here on the sender is stopped when frames are not taken. */
export function createFrameStream(stream: Stream, bounds: NetworkLimits): OwnedFrameStream {
  const state = attach(stream, bounds)
  const { bell, decoder } = state

  return {
    closed: state.closed,
    async send(frame, signal) {
      signal.throwIfAborted()
      const bytes = encodeLengthPrefixed(frame, limits.frameBytes)
      failIfLost(state)
      if (stream.writeStatus !== 'writable') throw streamClosed('our side of the stream has ended')
      try {
        stream.send(bytes)
      } catch (cause) {
        throw streamClosed('the stream closed while sending', cause)
      }
      for (;;) {
        failIfLost(state)
        if (stream.writeBufferLength <= bounds.sendBufferBytes) return
        await bell.wait(signal)
      }
    },
    async receive(signal) {
      for (;;) {
        signal.throwIfAborted()
        const frame = state.aborted ? undefined : decoder.next()
        if (frame !== undefined) {
          if (!tooFull(decoder, bounds)) resume(stream, state, bounds)
          return frame
        }
        if (decoder.fault !== undefined) {
          stream.abort(decoder.fault)
          throw decoder.fault
        }
        if (resume(stream, state, bounds)) continue
        failIfLost(state)
        if (state.remoteEnded && stream.readBufferLength === 0) return endOf(decoder)
        await bell.wait(signal)
      }
    },
    async end() {
      if (stream.writeStatus !== 'writable') return
      using limit = limitTime(bounds.endMs)
      try {
        await stream.close({ signal: limit.signal })
      } catch (cause) {
        const error = streamClosed('the stream closed before its last bytes were sent', cause)
        stream.abort(error)
        throw error
      }
    },
    abort(reason) {
      state.aborted = true
      stream.abort(reason)
    },
    async drain() {
      state.dropping = true
      resume(stream, state, bounds)
      while (state.lost === undefined && !state.remoteEnded) await bell.wait(never)
    },
  }
}

interface State {
  readonly bell: ReturnType<typeof createBell>
  readonly decoder: FrameDecoder
  readonly closed: Promise<void>
  /** The other side said that it has ended. A connection that closes without it has cut the stream. */
  remoteEnded: boolean
  /** Set when the stream broke. */
  lost: MarketError | undefined
  /** We gave up: nothing is read any more. */
  aborted: boolean
  dropping: boolean
  /** `resume` is delivering what was held back. */
  resuming: boolean
}

function attach(stream: Stream, bounds: NetworkLimits): State {
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>()
  const state: State = {
    bell: createBell(),
    decoder: createFrameDecoder(limits.frameBytes),
    closed,
    // The event may have passed before this listener existed; an open stream tells it apart from a lost connection.
    remoteEnded: stream.status === 'open' && stream.remoteWriteStatus === 'closed',
    lost: undefined,
    aborted: false,
    dropping: false,
    resuming: false,
  }
  const onClose = (error?: Error): void => {
    if (error !== undefined || !state.remoteEnded) state.lost ??= streamClosed('the stream was cut', error)
    state.bell.ring()
    resolveClosed()
  }
  stream.addEventListener('message', (event: StreamMessageEvent) => {
    if (state.dropping) return
    const parts = event.data instanceof Uint8Array ? [event.data] : event.data
    for (const part of parts) state.decoder.push(part)
    if (state.decoder.fault !== undefined) stream.abort(state.decoder.fault)
    else if (!state.resuming) pauseIfFull(stream, state, bounds)
    // Most events bring a piece of a frame, which is nothing to wake anybody for.
    if (state.decoder.ready || state.remoteEnded) state.bell.ring()
  })
  stream.addEventListener('remoteCloseWrite', () => {
    state.remoteEnded = true
    state.bell.ring()
  })
  stream.addEventListener('close', (event: StreamCloseEvent) => onClose(event.error))
  // The library sends what is queued in a microtask after this event; look afterwards.
  stream.addEventListener('drain', () => queueMicrotask(() => state.bell.ring()))
  stream.addEventListener('idle', () => state.bell.ring())
  if (stream.status !== 'open') onClose()
  return state
}

/** Whether the sender must wait. Never before a whole frame is here, or the rest of it could not arrive. */
const tooFull = (decoder: FrameDecoder, bounds: NetworkLimits): boolean =>
  decoder.bufferedBytes >= bounds.receiveBufferBytes && decoder.ready

function pauseIfFull(stream: Stream, state: State, bounds: NetworkLimits): void {
  if (!state.dropping && tooFull(state.decoder, bounds) && stream.readStatus === 'readable') stream.pause()
}

/** Lets a stopped sender go on. Returns whether it had been stopped; bytes held back have then been delivered. */
function resume(stream: Stream, state: State, bounds: NetworkLimits): boolean {
  if (stream.readStatus !== 'paused') return false
  state.resuming = true
  try {
    stream.resume()
  } catch {
    // It delivers first and then tells the sender, which fails when the connection is gone; its close event says so.
  } finally {
    state.resuming = false
  }
  // Not while it delivers: the library would undo the pause after that, and the sender overrun us.
  pauseIfFull(stream, state, bounds)
  return true
}

function failIfLost(state: State): void {
  if (state.lost !== undefined) throw state.lost
}

function endOf(decoder: FrameDecoder): undefined {
  if (decoder.partial) throw streamClosed('the other side ended within a frame')
  return undefined
}

const streamClosed = (message: string, cause?: unknown): MarketError =>
  new MarketError('stream-closed', message, cause === undefined ? {} : { cause })

const never = new AbortController().signal
